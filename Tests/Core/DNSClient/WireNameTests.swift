import Testing

@testable import DNSClient

@Suite struct WireNameTests {
    static let good: [(String, [UInt8], String)] = [
        ("", [0], "."), (".", [0], "."),
        ("a.example", [1, 97, 7] + Array("example".utf8) + [0], "a.example"),
        ("a.example.", [1, 97, 7] + Array("example".utf8) + [0], "a.example"),
        ("A.b", [1, 65, 1, 98, 0], "A.b"),
        (#"a\.b.c"#, [3, 97, 46, 98, 1, 99, 0], #"a\046b.c"#),
        (#"\000\255"#, [2, 0, 255, 0], #"\000\255"#),
        (#"\\x"#, [2, 92, 120, 0], #"\092x"#),
        ("_dmarc.x-1", [6] + Array("_dmarc".utf8) + [3] + Array("x-1".utf8) + [0], "_dmarc.x-1"),
        ("é", [2, 0xC3, 0xA9, 0], #"\195\169"#),
        ("a b", [3, 97, 32, 98, 0], #"a\032b"#),
    ]

    @Test(arguments: good) func parses(_ text: String, _ bytes: [UInt8], _ canonical: String) throws {
        let name = try WireName(text)
        #expect(name.bytes == bytes)
        #expect(name.description == canonical)
        #expect(try WireName(canonical) == name)
        #expect(WireName(prefixOf: bytes + [1, 2, 3]) == name)
    }

    static let bad: [(String, WireName.Failure)] = [
        ("..", .emptyLabel), (".a", .emptyLabel), ("a..b", .emptyLabel), ("a..", .emptyLabel),
        (String(repeating: "x", count: 64), .labelTooLong), (#"a\"#, .badEscape), (#"\25"#, .badEscape), (#"\256"#, .badEscape),
        (#"\2x5"#, .badEscape), (String(repeating: "a.", count: 128), .nameTooLong),
        (String(repeating: "x", count: 1_000_000), .labelTooLong),
    ]

    @Test(arguments: bad) func refuses(_ text: String, _ failure: WireName.Failure) {
        #expect(throws: failure) { try WireName(text) }
    }

    @Test func lengthsAtTheLimit() throws {
        let label = String(repeating: "x", count: 63)
        let longest = [label, label, label, String(repeating: "x", count: 61)].joined(separator: ".")
        #expect(try WireName(longest).bytes.count == 255)
        #expect(try WireName(longest + ".").bytes.count == 255)
        #expect(throws: WireName.Failure.nameTooLong) { try WireName(longest + "x") }
    }

    @Test func refusesBadWire() {
        for wire: [UInt8] in [[], [1], [1, 97], [0xC0, 0x0C], [64] + [UInt8](repeating: 97, count: 64) + [0]] {
            #expect(WireName(prefixOf: wire) == nil)
        }
        #expect(WireName(prefixOf: [UInt8](repeating: 1, count: 400)) == nil)
    }

    @Test func caseFoldsLettersOnly() throws {
        #expect(try WireName("ExAmPle.\\064X").lowercased == WireName("example.\\064x"))
    }
}
