import Foundation
import PluginTestKit
import Synchronization
import Testing

/// The built library through the ABI, with rules made here.
@Suite(.enabled(if: PluginUnderTest.library("yara-filter") != nil, "libyara-filter.so is not beside the tests"))
struct YARAScanTests {
    private func load() throws -> PluginUnderTest { try PluginUnderTest(PluginUnderTest.library("yara-filter")!) }

    private func settings(_ rules: String, _ more: String = "") -> String {
        #"{"rules": "\#(rules)", "check": "100ms"\#(more.isEmpty ? "" : ", " + more)}"#
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private let message = Array("From: a@sender.example\r\nSubject: urgent transfer\r\n\r\nPlease pay the invoice.\r\n".utf8)

    @Test func aRuleBecomesASymbol() throws {
        let folder = try RuleFolder([
            "rules/a.yar": RuleFolder.rule(
                "Invoice", "pay the invoice", meta: #"description = "asks for money" score = 60"#, tags: "finance"),
            "rules/deep/b.yara": RuleFolder.rule("Other", "not there"),
            "rules/notes.txt": "no rule at all",
        ])
        let instance = try load().instance(settings(folder.rules))
        guard case .verdict(let found) = instance.scan(message) else {
            Issue.record("no verdict")
            return
        }
        #expect(
            found.symbols == [
                .init(name: "YARA_INVOICE", factor: 6, detail: "Invoice of a.yar: asks for money ($a at 59)"),
                .init(name: "YARA_TAG_FINANCE", factor: 1, detail: "Invoice"),
            ])
        #expect(found.proposals.isEmpty)
    }

    @Test func theMessageIsInTheVariables() throws {
        let folder = try RuleFolder([
            "rules/a.yar": """
            rule Subject { condition: subject contains "urgent" and from contains "@sender.example" and client == "192.0.2.1" }
            rule Field { condition: filename == "" and extension == "" and filepath == "" and filetype == "" and owner == "" }
            private rule Hidden { condition: true }
            """
        ])
        let instance = try load().instance(settings(folder.rules))
        #expect(instance.scan(message).symbols == ["YARA_SUBJECT", "YARA_FIELD"])
        // The next message has none of it: variables belong to one scan.
        #expect(instance.scan(bytes("\r\n")).symbols == ["YARA_FIELD"])
    }

    /// As Debian builds libyara.
    @Test func modules() throws {
        let names = ["pe", "elf", "math", "hash", "dotnet", "time", "console"]
        let folder = try RuleFolder([
            "rules/a.yar": names.map { "import \"\($0)\"\n" }.joined()
                + "rule Small { condition: math.entropy(0, filesize) < 8 and hash.md5(0, 0) == \"d41d8cd98f00b204e9800998ecf8427e\" }"
        ])
        #expect(try load().instance(settings(folder.rules)).scan(message).symbols == ["YARA_SMALL"])
    }

    // MARK: Bad rules

    @Test func aBadFileIsNamedByItsLine() throws {
        let folder = try RuleFolder([
            "rules/a.yar": RuleFolder.rule("Good", "invoice"),
            "rules/b.yar": "rule Fine { condition: true }\nrule Bad { condition: nothing }\n",
            "rules/c.yar": "\n\nrule {", "rules/d.yar": "import \"unknown\"\nrule X { condition: true }",
        ])
        let plugin = try load()
        let problems = plugin.check(settings(folder.rules))
        #expect(problems.count == 3)
        #expect(problems.contains("/rules: \(folder.rules)/b.yar:2: undefined identifier \"nothing\""))
        #expect(problems.contains { $0.hasPrefix("/rules: \(folder.rules)/c.yar:3: syntax error") })
        #expect(problems.contains { $0.hasPrefix("/rules: \(folder.rules)/d.yar:1: unknown module") })
        // At first the good ones are better than none, and every verdict says so.
        let instance = try plugin.instance(settings(folder.rules))
        let outcome = instance.scan(message)
        #expect(outcome.symbols == ["YARA_GOOD", "YARA_INCOMPLETE"])
        #expect(outcome.details?[1].contains("b.yar:2") == true)
        #expect(plugin.logged.contains { $0.hasPrefix("error: ") && $0.contains("3 files are left out") && $0.contains("c.yar:3") })
    }

    @Test func theOldSetGoesOn() throws {
        let folder = try RuleFolder(["rules/a.yar": RuleFolder.rule("One", "invoice")])
        let plugin = try load()
        let instance = try plugin.instance(settings(folder.rules))
        #expect(instance.scan(message).symbols == ["YARA_ONE"])
        try folder.write("rules/a.yar", "rule Two {\n condition: $a }")
        #expect(plugin.hasLogged("what was loaded before goes on"))
        #expect(plugin.logged.contains { $0.hasPrefix("error: ") && $0.contains("\(folder.rules)/a.yar:2: undefined string") })
        #expect(instance.scan(message).symbols == ["YARA_ONE"])
        try folder.write("rules/a.yar", RuleFolder.rule("Three", "invoice"))
        #expect(plugin.hasLogged("is loaded again"))
        #expect(instance.scan(message).symbols == ["YARA_THREE"])
    }

    @Test func noRulesNoVerdict() throws {
        let folder = try RuleFolder()
        let plugin = try load()
        #expect(plugin.check(settings(folder.rules)) == ["/rules: \(folder.rules): no file of rules is there"])
        let instance = try plugin.instance(settings(folder.rules))
        #expect(plugin.hasLogged("no message can be judged"))
        #expect(instance.scan(message).failure?.contains("no file of rules is there") == true)
        try folder.write("rules/a.yar", RuleFolder.rule("One", "invoice"))
        #expect(plugin.hasLogged("is loaded"))
        #expect(instance.scan(message).symbols == ["YARA_ONE"])
    }

    // MARK: Includes

    @Test func includesStayBelowTheFolder() throws {
        let folder = try RuleFolder([
            "rules/index.yar": "include \"./sub/one.inc\"\n",
            "rules/sub/one.inc": "include \"two.inc\"\n" + RuleFolder.rule("One", "invoice"),
            "rules/sub/two.inc": RuleFolder.rule("Two", "pay"), "secret.yar": RuleFolder.rule("Secret", "pay"),
        ])
        let plugin = try load()
        let instance = try plugin.instance(settings(folder.rules))
        #expect(Set(instance.scan(message).symbols ?? []) == ["YARA_ONE", "YARA_TWO"])
        // What is included is looked at too.
        try folder.write("rules/sub/two.inc", RuleFolder.rule("Changed", "pay"))
        #expect(plugin.hasLogged("is loaded again"))
        #expect(Set(instance.scan(message).symbols ?? []) == ["YARA_ONE", "YARA_CHANGED"])
        for name in ["../secret.yar", "\(folder.path)/secret.yar", "/etc/passwd", "sub/link.inc"] {
            symlink(folder.path + "/secret.yar", folder.rules + "/sub/link.inc")
            try folder.write("rules/index.yar", "include \"\(name)\"\n")
            let problems = plugin.check(settings(folder.rules))
            #expect(
                problems.first == "/rules: \(folder.rules)/index.yar: includes \"\(name)\", which is not below \(folder.rules)",
                "\(problems)")
        }
    }

    @Test func aNULHidesNothing() throws {
        let folder = try RuleFolder([
            "rules/a.yar": "include \"b.inc\"\n", "rules/b.inc": "rule A { condition: false }\u{0}rule B { condition: true }",
        ])
        #expect(try load().check(settings(folder.rules)).contains { $0.contains("b.inc: holds a NUL byte") })
    }

    @Test func patternsAndFiles() throws {
        let folder = try RuleFolder([
            "rules/a.yar": RuleFolder.rule("A", "pay"), "rules/b.yar": RuleFolder.rule("B", "pay"), "rules/c.txt": "?",
        ])
        let plugin = try load()
        #expect(Set(try plugin.instance(settings(folder.rules + "/*.yar")).scan(message).symbols ?? []) == ["YARA_A", "YARA_B"])
        #expect(try plugin.instance(settings(folder.rules + "/b.yar")).scan(message).symbols == ["YARA_B"])
        #expect(try plugin.instance(settings(folder.rules + "/x.yar")).scan(message).failure?.contains("x.yar: cannot be read") == true)
    }

    // MARK: Limits

    @Test func aScanThatTakesTooLongIsNoVerdict() throws {
        let folder = try RuleFolder([
            "rules/a.yar":
                "rule Slow { condition: for any i in (0..1000000) : ( for any j in (0..1000000) : ( i * j == 0xFFFFFFFFFFF1 ) ) }"
        ])
        let instance = try load().instance(settings(folder.rules, #""max_scan_time": "1s""#))
        #expect(instance.scan(message).failure == "the rules took longer than 1 s")
    }

    @Test func aCancelledScanIsNoVerdict() throws {
        let folder = try RuleFolder(["rules/a.yar": RuleFolder.rule("A", "pay")])
        let instance = try load().instance(settings(folder.rules))
        #expect(instance.scan(message).symbols == ["YARA_A"])
        #expect(instance.scan(message, isCancelled: true).failure == "the scan was given up")
    }

    @Test func moreMatchesThanCanBeCountedAreTold() throws {
        let folder = try RuleFolder(["rules/a.yar": "rule Many { strings: $a = \"aa\" condition: #a > 2000000 }"])
        let instance = try load().instance(settings(folder.rules))
        let outcome = instance.scan([UInt8](repeating: 97, count: 3_000_000))
        #expect(outcome.symbols?.contains("YARA_LIMIT") == true || outcome.failure?.contains("too many matches") == true, "\(outcome)")
    }

    /// A message that is cut short is no fault: libyara's handlers of signals are the whole process's, and are not there.
    @Test func noSignalHandlers() throws {
        let folder = try RuleFolder(["rules/a.yar": RuleFolder.rule("A", "pay")])
        let instance = try load().instance(settings(folder.rules))
        var (before, after) = (sigaction(), sigaction())
        sigaction(SIGBUS, nil, &before)
        #expect(instance.scan(message).symbols == ["YARA_A"])
        sigaction(SIGBUS, nil, &after)
        #expect(unsafeBitCast(before.__sigaction_handler, to: Int.self) == unsafeBitCast(after.__sigaction_handler, to: Int.self))
    }

    /// Four threads scan while the rules change five times: each message is held against one whole set.
    @Test func reloadsUnderLoad() throws {
        let folder = try RuleFolder(["rules/a.yar": RuleFolder.rule("R0", "invoice")])
        let plugin = try load()
        let instance = try plugin.instance(settings(folder.rules))
        let isOver = Atomic(false)
        let bad = Mutex<[String]>([])
        let group = DispatchGroup()
        for _ in 0..<4 {
            group.enter()
            Thread.detachNewThread {
                var newest = 0
                while !isOver.load(ordering: .relaxed) {
                    usleep(1000)
                    let outcome = instance.scan(message)
                    let number = outcome.symbols.flatMap { $0.count == 1 ? Int($0[0].dropFirst("YARA_R".count)) : nil }
                    if let number, number >= newest { newest = number } else { bad.withLock { $0.append("\(outcome) after \(newest)") } }
                }
                group.leave()
            }
        }
        for number in 1...5 {
            try folder.write("rules/a.yar", RuleFolder.rule("R\(number)", "invoice"))
            #expect(plugin.hasLogged("is loaded again", times: number))
        }
        isOver.store(true, ordering: .relaxed)
        group.wait()
        #expect(bad.withLock { $0.prefix(3) } == [])
        #expect(instance.scan(message).symbols == ["YARA_R5"])
    }
}
