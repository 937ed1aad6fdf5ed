import GatewayTestKit
import MIME
import Mail
import Testing

/// Where fields stand, whatever the bytes are.
@Suite struct HeaderFieldsTests {
    /// `name=value` of each field, then the body's offset and `!` if malformed.
    static func read(_ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { bytes in
            let header = HeaderFields(bytes)
            return header.fields.map { field in
                "\(String(decoding: bytes[field.start..<field.nameEnd], as: UTF8.self))=\(HeaderFields.value(field, in: bytes))"
            } + ["\(header.bodyStart)\(header.isMalformed ? "!" : "")"]
        }
    }

    @Test(arguments: [
        ("", ["0"]),
        ("\r\nbody", ["2"]),
        ("\nbody", ["1"]),
        ("A: b\r\n\r\nbody", ["A=b", "8"]),
        ("A: b", ["A=b", "4"]),
        ("A: b\r\n", ["A=b", "6"]),
        ("A:b\n c\n\td\n\nbody", ["A=b c d", "11"]),
        ("A: b\r\n\t\r\n c\r\n\r\n", ["A=b  c", "15"]),
        ("A : b\r\n\r\n", ["A=b", "9"]),
        ("A:\r\n\r\n", ["A=", "6"]),
        (": b\r\n\r\n", ["0!"]),
        (" folded first\r\nA: b\r\n", ["0!"]),
        ("A: b\r\nno field\r\nC: d\r\n\r\n", ["A=b", "6!"]),
        ("A\u{0}: b\r\n\r\n", ["0!"]),
        ("A: b\u{0}c\r\n\r\n", ["A=b\u{0}c", "10"]),
        ("Ä: b\r\n", ["0!"]),
        ("A b: c\r\n", ["0!"]),
        ("A", ["0!"]),
        ("\r", ["0!"]),
        ("From sender Mon\r\nA: b\r\n", ["0!"]),
    ]) func rows(_ text: String, _ expected: [String]) { #expect(Self.read(text) == expected) }

    @Test func namesAndValues() {
        let text = Array("Message-ID:  <x>\t \r\nMESSAGE-id: 2\r\nMessage-IDs: 3\r\n\r\n".utf8)
        text.withUnsafeBytes { bytes in
            let header = HeaderFields(bytes)
            #expect(header.count(of: "message-id", in: bytes) == 2)
            let first = header.first("Message-Id", in: bytes)!
            #expect(HeaderFields.value(first, in: bytes) == "<x>")
            #expect(HeaderFields.value(first, in: bytes, limit: 2) == "<x")
            #expect(HeaderFields.hasPrefix(header.fields[2], in: bytes, "Message-ID"))
            #expect(!HeaderFields.hasPrefix(header.fields[0], in: bytes, "Message-ID-and-more"))
            #expect(header.first("Absent", in: bytes) == nil)
        }
    }

    @Test func bytesThatAreNoUTF8AreRepaired() {
        let bytes: [UInt8] = Array("A: ".utf8) + [0xFF, 0xC3] + Array("\r\n".utf8)
        bytes.withUnsafeBytes { bytes in
            let header = HeaderFields(bytes)
            #expect(HeaderFields.value(header.fields[0], in: bytes) == "\u{FFFD}\u{FFFD}")
        }
    }

    @Test func tooManyFieldsAreMalformed() {
        let text = Array(String(repeating: "A: b\r\n", count: HeaderFields.maximumFields + 5).utf8)
        text.withUnsafeBytes { bytes in
            let header = HeaderFields(bytes)
            #expect(header.fields.count == HeaderFields.maximumFields && header.isMalformed)
            #expect(header.bodyStart == HeaderFields.maximumFields * 6)
        }
    }

    @Test func oneHugeFieldHasABoundedValue() {
        let text = Array(("A: " + String(repeating: "x\r\n ", count: 1_000_000) + "\r\n\r\n").utf8)
        text.withUnsafeBytes { bytes in
            let header = HeaderFields(bytes)
            #expect(header.fields.count == 1)
            #expect(HeaderFields.value(header.fields[0], in: bytes).utf8.count <= 998)
        }
    }

    /// Pieces of headers in every order: fields lie end to end from the first byte to the body, or to the line that is none.
    @Test(arguments: 0..<8) func fieldsTile(_ seed: UInt64) {
        var random = Seeded(seed)
        let pieces: [[UInt8]] = ["A", ":", " ", "\t", "\r", "\n", "\r\n", "\0", "Subject: x\r\n", "\r\n\r\n", "X-Postern-A: b", "é"].map {
            Array($0.utf8)
        }
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
            text.withUnsafeBytes { bytes in
                let header = HeaderFields(bytes)
                var at = 0
                for field in header.fields {
                    #expect(field.start == at)
                    #expect(field.start < field.nameEnd && field.nameEnd < field.valueStart && field.valueStart <= field.end)
                    _ = HeaderFields.value(field, in: bytes)
                    at = field.end
                }
                let emptyLine = header.bodyStart - at
                #expect(header.isMalformed || header.bodyStart == bytes.count ? emptyLine <= 2 : emptyLine == 1 || emptyLine == 2)
                #expect(header.bodyStart <= bytes.count)
                let forged = ForgedFields(header, in: bytes, authservID: "mx")
                var last = 0
                for range in forged.ranges {
                    #expect(range.lowerBound >= last && range.upperBound <= bytes.count && !range.isEmpty)
                    last = range.upperBound
                }
            }
        }
    }
}

/// SplitMix64: the same numbers in each run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
