import Mail
import Testing

@testable import MIME

/// Quoted-printable, which is read many bytes at once, beside a reading byte by byte.
@Suite struct QuotedPrintableTests {
    private static func hex(_ bytes: [UInt8], _ at: Int, _ end: Int) -> UInt8? {
        guard at + 1 < end, let high = hexValue(bytes[at]), let low = hexValue(bytes[at + 1]) else { return nil }
        return high << 4 | low
    }

    /// RFC 2045 section 6.7, and what is no escape kept.
    private static func plainlyDecoded(_ bytes: [UInt8]) -> (bytes: [UInt8], isOdd: Bool) {
        var out: [UInt8] = []
        var isOdd = false
        var start = 0
        while start < bytes.count {
            let lineEnd = bytes[start...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            var textEnd = lineEnd
            if bytes[textEnd - 1] == 10 { textEnd -= bytes[start..<textEnd].dropLast().last == 13 ? 2 : 1 }
            var end = textEnd
            while end > start, isBlank(bytes[end - 1]) { end -= 1 }
            let isSoft = end > start && bytes[end - 1] == 0x3D
            if isSoft { end -= 1 }
            var at = start
            while at < end {
                if bytes[at] != 0x3D {
                    out.append(bytes[at])
                } else if let byte = hex(bytes, at + 1, end) {
                    out.append(byte)
                    at += 2
                } else {
                    isOdd = true
                    if at + 1 < end, bytes[at + 1] == 13 { at += 1 } else { out.append(0x3D) }
                }
                at += 1
            }
            if !isSoft { out += bytes[textEnd..<lineEnd] }
            start = lineEnd
        }
        return (out, isOdd)
    }

    private static func isJunk(_ bytes: [UInt8], _ equals: Int) -> Bool {
        guard hex(bytes, equals + 1, bytes.count) == nil else { return false }
        let next = bytes[(equals + 1)...].first { !isBlank($0) }
        return next != nil && next != 13 && next != 10
    }

    private static func message(_ random: inout Seeded, _ pieces: Int) -> [UInt8] {
        let text = Array("the quick brown fox jumps over the lazy dog, again and again and again".utf8)
        let oddities = ["=", "==", "=4", "=g1", "=4g", "=\r", "=00", "=1b", "=1F", "= x", "\r", " \r\n", "=  \n"].map { Array($0.utf8) }
        let usual = ["=3D", "=C3=BC", "=e2=82=ac", "=20", "=0D=0A", "=\r\n", "\r\n", "\n", " ", "\t"].map { Array($0.utf8) }
        // Most have nothing odd in them, or nothing else would be seen.
        let oddOnes = Int.random(in: 0...20, using: &random)
        var out: [UInt8] = []
        for _ in 0..<pieces {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40: out += text.prefix(Int.random(in: 1...70, using: &random))
            case 99 - oddOnes / 10...99 where oddOnes > 9: out += oddities.randomElement(using: &random)!
            default: out += usual.randomElement(using: &random)!
            }
        }
        return out
    }

    @Test(arguments: 0..<6) func asByteByByte(_ seed: UInt64) {
        var random = Seeded(seed)
        for round in 0..<400 {
            // The last are larger than what a decoder hands on at once.
            let message = Self.message(&random, round < 398 ? Int.random(in: 0...40, using: &random) : 12_000)
            let expected = Self.plainlyDecoded(message)
            let (bytes, flags) = message.withUnsafeBytes { TransferDecoder.quotedPrintable.decoded($0) }
            #expect(bytes == expected.bytes && flags.isEmpty != expected.isOdd)
            let withLF = message.withUnsafeBytes { TransferDecoder.quotedPrintableWithLF.decoded($0).bytes }
            #expect(withLF.count <= bytes.count)
            let survey = message.withUnsafeBytes { QuotedPrintableSurvey($0, in: 0..<$0.count) }
            #expect(survey.hasJunk == message.indices.contains { message[$0] == 0x3D && Self.isJunk(message, $0) })
            // A piece is looked at as if there were nothing around it.
            let (start, end) = (message.count / 3, message.count * 2 / 3)
            let piece = Array(message[start..<end])
            let inside = message.withUnsafeBytes { QuotedPrintableSurvey($0, in: start..<end) }
            let alone = piece.withUnsafeBytes { QuotedPrintableSurvey($0, in: 0..<$0.count) }
            #expect(inside.hasJunk == alone.hasJunk && inside.hasBareLineEndsInBinary == alone.hasBareLineEndsInBinary)
        }
    }

    @Test(arguments: [
        ("=00\r\n", true), ("=00=\r\n", false), ("=00\n", false), ("=00", false), ("=0D=0A\r\n", false), ("=1B\r\n", false),
        ("=1a\r\nx", true), ("=20\r\n", false), ("= \r\n=00", false),
    ]) func bareLineEndsInBinary(_ text: String, _ expected: Bool) {
        // In front of it as much as is looked at in one go, or twice that, or nothing.
        for before in [0, 29, 32, 64] {
            let message = Array((String(repeating: "a", count: before) + text).utf8)
            message.withUnsafeBytes { #expect(QuotedPrintableSurvey($0, in: 0..<$0.count).hasBareLineEndsInBinary == expected) }
        }
    }
}
