import MIME
import Mail
import Testing

/// BinHex 4.0 in text, written by an encoder of the test's own.
@Suite struct BinHexTests {
    static let comment = "(This file must be converted with BinHex 4.0)\n\n"
    private static let name = "report.sit"

    /// RFC 1741 appendix A, the checksums bit by bit.
    private struct File {
        var data: [UInt8] = []
        var resources: [UInt8] = []
        /// Added to the checksum of the header, of the data, of the resources.
        var errors: [UInt16] = [0, 0, 0]

        private static func checksum(_ bytes: [UInt8]) -> UInt16 {
            var sum: UInt16 = 0
            for byte in bytes + [0, 0] {
                for bit in stride(from: 7, through: 0, by: -1) {
                    let carry = sum & 0x8000 != 0
                    sum = sum << 1 | UInt16(byte >> UInt8(bit) & 1)
                    if carry { sum ^= 0x1021 }
                }
            }
            return sum
        }

        private static func short(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

        private static func long(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

        /// Runs of three and more as one byte, the mark, and a count.
        private static func runs(_ bytes: [UInt8]) -> [UInt8] {
            var out: [UInt8] = []
            var at = 0
            while at < bytes.count {
                let count = bytes[at...].prefix(255).prefix { $0 == bytes[at] }.count
                let one: [UInt8] = bytes[at] == 0x90 ? [0x90, 0] : [bytes[at]]
                if count > 2 {
                    out += one + [0x90, UInt8(count)]
                } else {
                    for _ in 0..<count { out += one }
                }
                at += count
            }
            return out
        }

        private static let alphabet = Array("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr".utf8)

        var text: String {
            let name = Array(BinHexTests.name.utf8)
            let header =
                [UInt8(name.count)] + name + [0] + Array("SIT!SIT!".utf8) + [0, 0] + Self.long(data.count) + Self.long(resources.count)
            let pieces = zip([header, data, resources], errors).flatMap { $0 + Self.short(Self.checksum($0) &+ $1) }
            var bits = 0
            var count = 0
            var out: [UInt8] = []
            for byte in Self.runs(pieces) {
                bits = (bits << 8 | Int(byte)) & 0xFFFF
                count += 8
                while count >= 6 {
                    count -= 6
                    out.append(Self.alphabet[bits >> count & 63])
                }
            }
            if count > 0 { out.append(Self.alphabet[bits << (6 - count) & 63]) }
            let all = ":" + String(decoding: out, as: UTF8.self) + ":"
            var lines = ""
            for (index, letter) in all.enumerated() { lines += index > 0 && index % 64 == 0 ? "\n\(letter)" : "\(letter)" }
            return lines + "\n"
        }
    }

    private static let data = Array("A file, \u{90}, and zeros: ".utf8) + [0x90, 0x90, 0x90, 0x90, 1] + [UInt8](repeating: 0, count: 700)

    private func tree(_ body: String, type: String = "text/plain") -> ([MessageTree.Part], decoded: [[UInt8]], flags: [PartFlags]) {
        let message = Array("MIME-Version: 1.0\nContent-Type: \(type)\n\n\(body)".utf8)
        return message.withUnsafeBytes { bytes in
            let parts = MessageTree(bytes).parts
            let made = parts.map { part in
                part.decoder.decoded(UnsafeRawBufferPointer(rebasing: bytes[part.content.raw.range]))
            }
            return (parts, made.map(\.bytes), zip(parts, made).map { $0.content.flags.union($1.flags) })
        }
    }

    @Test func bothForks() {
        let file = File(data: Self.data, resources: Array("resources".utf8))
        let (parts, decoded, flags) = tree("See below.\n\n" + Self.comment + file.text + "Regards\n")
        #expect(parts.count == 3)
        #expect(decoded.dropFirst() == [Self.data, Array("resources".utf8)])
        #expect(parts.dropFirst().map(\.content.names) == [[Self.name], [Self.name]])
        #expect(parts.dropFirst().map(\.content.transferEncoding) == ["binhex", "binhex"])
        #expect(flags == [.embedded, .embedded, .embedded])
    }

    @Test func oneForkIsOnePart() {
        #expect(tree(Self.comment + File(data: Self.data).text).decoded.dropFirst() == [Self.data])
        #expect(tree(Self.comment + File(resources: Self.data).text).decoded.dropFirst() == [Self.data])
        #expect(tree(Self.comment + File().text).decoded.dropFirst() == [[]])
    }

    @Test(arguments: [0, 1, 2]) func wrongChecksumsAreFlagged(_ which: Int) {
        var file = File(data: Self.data, resources: [1, 2, 3])
        file.errors[which] = 1
        let (_, decoded, flags) = tree(Self.comment + file.text)
        #expect(decoded.dropFirst() == [Self.data, [1, 2, 3]])
        #expect(flags.dropFirst().map { $0.contains(.badEncodedFile) } == [which != 2, which != 1])
    }

    @Test func cutOffAndSpoilt() {
        let text = Self.comment + File(data: Self.data).text
        let (_, decoded, flags) = tree(String(text.prefix(text.count - 10)))
        #expect(Self.data.starts(with: decoded[1]) && decoded[1].count > 20)
        #expect(flags[1].isSuperset(of: [.badEncodedFile, .unclosed]))
        // A character of no meaning is passed over.
        let spoilt = tree(text.replacing("\n", with: "\n~"))
        #expect(spoilt.decoded.count == 1, "a line that begins with something else is no beginning")
        let inside = tree(Self.comment + File(data: Self.data).text.replacing("\n", with: " w\n"))
        #expect(inside.decoded.dropFirst() == [Self.data])
        #expect(inside.flags[1].contains(.badEncodedFile))
    }

    @Test(arguments: [
        "(This file must be converted with BinHex 4.0)\n", "(This file must be converted with BinHex 4.0)\n\nnothing\n:\n", "(x)\n:!!:\n",
    ])
    func nothingOfTheKind(_ text: String) { #expect(tree(text).decoded.count == 1) }

    /// Text, and files in it, may stand between the line that announces it and the colon.
    @Test(arguments: ["a line\n", "(c)\n: no file\n", "\n :x\n\n", ":!!:\n\n", "begin 644 a\n#86)C\n`\nend\n"])
    func behindText(_ text: String) {
        let (parts, decoded, flags) = tree(Self.comment + "x\n" + text + File(data: Self.data).text)
        #expect(decoded.dropFirst().first == Self.data)
        #expect(flags[1] == .embedded)
        #expect(parts.count == (text.hasPrefix("begin") ? 3 : 2))
    }

    @Test func ofItsOwnLineOnly() {
        let file = File(data: Self.data).text
        #expect(tree(Self.comment + "x\n" + Self.comment + "x\n" + file).decoded.dropFirst() == [Self.data])
        #expect(tree(Self.comment + "x\n" + file + Self.comment + "x\n" + file).decoded.dropFirst() == [Self.data, Self.data])
        let start = ContinuousClock.now
        _ = tree(String(repeating: Self.comment + "x\n", count: 20_000))
        _ = tree(Self.comment + "x\n" + String(repeating: ":\n", count: 500_000))
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// A part that says to be BinHex holds a file, with or without the line, or is flagged.
    @Test(arguments: [(true, "x\n"), (true, comment), (true, ""), (false, "x\n"), (false, "")]) func declared(_ holds: Bool, _ text: String)
    {
        let body = Array((text + (holds ? File(data: Self.data).text : "")).utf8)
        let message = Array("Content-Type: application/mac-binhex40\n\n".utf8)
        var tree = message.withUnsafeBytes { MessageTree($0) }
        body.withUnsafeBytes { tree.append(filesIn: $0, region: 0, base: 0, of: 0) }
        #expect(tree.parts.count == (holds ? 2 : 1))
        #expect(tree.parts[0].content.flags.contains(.badEncodedFile) == !holds)
    }

    /// As a transfer encoding it has no standing: it is read both ways, and flagged.
    @Test func asTransferEncoding() {
        let body = Self.comment + File(data: Self.data).text
        let message = Array("MIME-Version: 1.0\nContent-Type: a/b\nContent-Transfer-Encoding: mac-binhex40\n\n\(body)".utf8)
        message.withUnsafeBytes { bytes in
            let parts = MessageTree(bytes).parts
            #expect(parts.map(\.decoder) == [.binhex, .identity])
            #expect(parts[0].content.flags.contains(.oddEncoding))
            #expect(parts[0].decoder.decoded(UnsafeRawBufferPointer(rebasing: bytes[parts[0].content.raw.range])).bytes == Self.data)
        }
    }

    /// A run makes 255 bytes of three: what is not wanted is not made, and the sink ends what is.
    @Test func runsAreBounded() {
        let text = Array(File(data: [UInt8](repeating: 7, count: 200_000), resources: [5]).text.utf8)
        text.withUnsafeBytes { bytes in
            #expect(bytes.count < 5_000)
            #expect(TransferDecoder.binhexResources.decoded(bytes).bytes == [5])
            #expect(TransferDecoder.binhex.decoded(bytes, most: 100).bytes == [UInt8](repeating: 7, count: 100))
        }
    }

    /// Hostile bytes: something comes out, a run's worth of each two at most.
    @Test(arguments: 0..<4) func anything(_ seed: UInt64) {
        var random = Seeded(seed)
        let good = Array(File(data: Self.data, resources: Self.data).text.utf8)
        for _ in 0..<500 {
            var text = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            text.removeLast(Int.random(in: 0...text.count, using: &random))
            text.withUnsafeBytes { bytes in
                for decoder in [TransferDecoder.binhex, .binhexResources] {
                    #expect(decoder.decoded(bytes).bytes.count <= 96 * bytes.count)
                }
            }
            let whole = Array(Self.comment.utf8) + text
            whole.withUnsafeBytes { bytes in
                #expect(EmbeddedFile.find(in: bytes, most: 8).files.allSatisfy { $0.range.upperBound <= bytes.count })
            }
        }
    }
}
