import Testing

@testable import Settings

@Suite struct YAMLFileTests {
    func problems(_ text: String) -> [String] {
        let problems = ProblemList()
        _ = YAMLFile(name: "f").read(text, problems)
        return problems.all.map(\.description)
    }

    /// A billion nodes from a few lines, as value and as key: refused, and at once.
    @Test(arguments: ["z: *i", "? *i\n: 1"]) func aliasBombsAreRefused(_ last: String) {
        var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (name, before) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 10).joined(separator: ",") + "]\n"
        }
        let all = problems(text + last + "\n")
        #expect(all.count == 1 && all[0].contains("anchors and aliases are not supported"))
    }

    @Test func aFewAliasesAreRefusedToo() {
        #expect(problems("a: &a 1\n? *a\n: 2\n").count == 1)
        #expect(problems("*nowhere : 2\n").count == 1)
    }

    /// Stars and ampersands that are text are no aliases.
    @Test func textWithStarsIsText() {
        let stars = (0..<40).map { "- \"*@partner\($0).example & co\"\n# &anchor *star\n" }.joined()
        #expect(problems(stars) == [])
    }

    @Test func depthIsBounded() {
        #expect(problems(String(repeating: "[", count: 63) + String(repeating: "]", count: 63)) == [])
        let deep = problems(String(repeating: "[", count: 200) + String(repeating: "]", count: 200))
        #expect(deep == ["f:1:65: nested more than 64 deep; use fewer levels"])
        #expect(problems(String(repeating: "[", count: 100_000)).count == 1)
        #expect(problems(String(repeating: "- ", count: 100_000)).count == 1)
        #expect(problems(String(repeating: "{a: ", count: 5000)).count == 1)
    }

    @Test func severalDocumentsAreRefused() { #expect(problems("a: 1\n---\nb: 2\n").count == 1) }

    /// Whatever the bytes, there is an answer: every prefix of a file, and every file with one byte replaced.
    @Test func brokenFilesAreToldAndNeverTrap() {
        let text = ConfigurationFolder.gateway + "edge: [rbl: {zones: {a: 1}}]\nb: |\n  x\nc: 'd'\n\"e\": !t &f *g\n"
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count { _ = problems(String(decoding: bytes[..<length], as: UTF8.self)) }
        for at in bytes.indices {
            for byte in "\u{0}\t\n\"'&*!|>%@`{}[],:?-#\u{7F}".utf8 {
                var other = bytes
                other[at] = byte
                _ = problems(String(decoding: other, as: UTF8.self))
            }
        }
    }

    @Test func plainWordsMeanWhatTheyLookLike() throws {
        let problems = ProblemList()
        let node = try #require(YAMLFile(name: "f").read("[on, 'on', 1, '1', 1.5, 1e3, 0x10, nan, ~, '', -7, text]", problems))
        let items = try #require(node.list)
        #expect(items.map(\.bool) == [true] + Array(repeating: nil, count: 11))
        #expect(items.map(\.integer) == [nil, nil, 1, nil, nil, nil, nil, nil, nil, nil, -7, nil])
        #expect(items.map(\.number) == [nil, nil, 1, nil, 1.5, 1000, nil, nil, nil, nil, -7, nil])
        #expect(items.map(\.isNull) == [false, false, false, false, false, false, false, false, true, false, false, false])
    }
}
