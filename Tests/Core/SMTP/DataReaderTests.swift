import Mail
import Testing

@testable import SMTP

@Suite struct DataReaderTests {
    struct Outcome: Equatable, CustomStringConvertible {
        var message: [UInt8]?
        var fault: DataReader.Fault?
        /// Bytes up to and including the end of data; nil: it never came.
        var consumed: Int?
        var description: String {
            "\(message.map { String(decoding: $0, as: UTF8.self).debugDescription } ?? "-") \(fault as Any) \(consumed as Any)"
        }
    }

    /// In pieces that end at `cuts`.
    private func read(_ bytes: [UInt8], cuts: [Int] = [], limits: Limits = Limits()) -> Outcome {
        var reader = DataReader(declaredSize: nil, limits: limits)
        var start = 0
        for cut in cuts + [bytes.count] where cut >= start {
            let end = bytes[start..<cut].withUnsafeBytes { reader.read($0) }
            if let end {
                switch reader.finish() {
                case .success(let region): return Outcome(message: Array(region.bytes), consumed: start + end)
                case .failure(let failure): return Outcome(fault: failure.fault, consumed: start + end)
                }
            }
            start = cut
        }
        return Outcome(fault: reader.fault)
    }

    /// The same rules, byte by byte, as plainly as can be.
    private func plainly(_ bytes: [UInt8]) -> Outcome {
        var lines: [UInt8] = [13, 10]
        for (i, byte) in bytes.enumerated() {
            lines.append(byte)
            guard lines.suffix(5) == [13, 10, 46, 13, 10] else { continue }
            let body = Array(lines[2..<(lines.count - 3)])
            for (k, b) in body.enumerated() {
                if b == 13, k + 1 == body.count || body[k + 1] != 10 { return Outcome(fault: .bareLineEnd, consumed: i + 1) }
                if b == 10, k == 0 || body[k - 1] != 13 { return Outcome(fault: .bareLineEnd, consumed: i + 1) }
            }
            var unstuffed: [UInt8] = []
            for (k, b) in body.enumerated() {
                if b == 46, k == 0 || (k >= 2 && body[k - 2] == 13 && body[k - 1] == 10) { continue }
                unstuffed.append(b)
            }
            return Outcome(message: unstuffed, consumed: i + 1)
        }
        return Outcome()
    }

    @Test func rows() {
        let rows: [(String, String?)] = [
            (".\r\n", ""), ("a\r\n.\r\n", "a\r\n"), ("..\r\n.\r\n", ".\r\n"), ("a\r\n..b\r\n...\r\n.\r\n", "a\r\n.b\r\n..\r\n"),
            (".a\r\n.\r\n", "a\r\n"),
            ("\r\n\r\n.\r\n", "\r\n\r\n"), ("a.\r\n.\r\n", "a.\r\n"), ("a\u{B}.\u{B}\r\n.\r\n", "a\u{B}.\u{B}\r\n"),
            ("a\n.\r\n\r\n.\r\n", nil), ("a\r.\r\n\r\n.\r\n", nil), ("a\n.\n\r\n.\r\n", nil), ("a\r\n.\n\r\n.\r\n", nil),
            ("a\r\n.\rx\r\n.\r\n", nil),
            ("a\r\r\n.\r\n", nil), ("\n\r\n.\r\n", nil), ("a\r\n.\r\r\n\r\n.\r\n", nil),
        ]
        for (input, message) in rows {
            let bytes = Array((input + "NOOP\r\n").utf8)
            let expected =
                message.map { Outcome(message: Array($0.utf8), consumed: input.utf8.count) }
                ?? Outcome(fault: .bareLineEnd, consumed: input.utf8.count)
            #expect(read(bytes) == expected, "\(input.debugDescription)")
            #expect(plainly(bytes) == expected, "\(input.debugDescription)")
            // Every split into three pieces.
            for i in 0...bytes.count {
                for j in i...bytes.count { #expect(read(bytes, cuts: [i, j]) == expected, "\(input.debugDescription) \(i) \(j)") }
            }
        }
    }

    @Test(arguments: 0..<8) func randomly(seed: UInt64) {
        var random = Seeded(state: seed)
        let alphabet: [UInt8] = [13, 10, 46, 97, 13, 10, 98]
        for _ in 0..<4000 {
            let count = Int(random.next() % 40)
            var bytes: [UInt8] = []
            while bytes.count < count {
                if random.next() % 2 == 0 { bytes += [13, 10] } else { bytes.append(alphabet[Int(random.next() % 7)]) }
            }
            if random.next() % 2 == 0 { bytes += [13, 10, 46, 13, 10] }
            var expected = plainly(bytes)
            let cuts = (0..<3).map { _ in Int(random.next() % UInt64(bytes.count + 1)) }.sorted()
            var got = read(bytes, cuts: cuts)
            // Without its end a message has no verdict.
            if expected.consumed == nil { (expected.fault, got.fault) = (nil, nil) }
            #expect(got == expected, "\(bytes) \(cuts)")
        }
    }

    @Test func limits() {
        var limits = Limits()
        limits.messageSize = 10
        #expect(read(Array("12345678\r\n.\r\n".utf8), limits: limits).message?.count == 10)
        #expect(read(Array("123456789\r\n.\r\n".utf8), limits: limits) == Outcome(fault: .tooLarge, consumed: 14))
        #expect(read(Array("123456789\r\n.\r\n".utf8), cuts: [4, 8, 11], limits: limits) == Outcome(fault: .tooLarge, consumed: 14))
        limits = Limits()
        limits.textLine = 5
        #expect(read(Array("12345\r\n.\r\n".utf8), limits: limits).message?.count == 7)
        #expect(read(Array("123456\r\n1\r\n.\r\n".utf8), cuts: [3], limits: limits) == Outcome(fault: .lineTooLong, consumed: 14))
    }

    /// Some servers drop a NUL, and then see an end of data where none is.
    @Test(arguments: ["a\0b\r\n.\r\n", "a\r\n\0.\r\n\r\n.\r\n", "a\r\n.\0\r\n\r\n.\r\n", "a\r\n\0\r\n.\r\n"])
    func aNULSpoilsTheMessage(_ input: String) {
        let bytes = Array(input.utf8)
        for cut in 0..<bytes.count { #expect(read(bytes, cuts: [cut]) == Outcome(fault: .nul, consumed: bytes.count)) }
    }

    /// A flood of CR must not cost a search of the rest each time.
    @Test func carriageReturnsAreOnePass() {
        let flood = [UInt8](repeating: 13, count: 8 << 20)
        #expect(read(flood).fault == .bareLineEnd)
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
