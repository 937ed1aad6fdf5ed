import Foundation
import GatewayTestKit
import Testing

/// SDK/abi/check.sh passes the headers as they are, and names each break that it must not let through.
struct ABIGuardTests {
    /// An edit of a copy of the headers; `says`: what the guard answers, nil where it passes.
    struct Edit: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let old: String
        let new: String
        let says: String?
        /// Told to layout/services.c, as it must be told of growth.
        let layout: (old: String, new: String)?

        init(
            _ name: String, _ file: String, _ old: String, _ new: String, layout: (old: String, new: String)? = nil, says: String?
        ) {
            (self.name, self.file, self.old, self.new, self.layout, self.says) = (name, file, old, new, layout, says)
        }

        var testDescription: String { name }
    }

    static let clockGrew = (old: "SIZE(postern_clock, 16)", new: "SIZE(postern_clock, 24)")

    static let growth = [
        Edit("nothing", "version.h", "POSTERN_ABI_MAJOR 0u", "POSTERN_ABI_MAJOR 0u", says: nil),
        Edit(
            "a function pointer at the tail", "ext/clock.h", "    int64_t (*now)(const postern_call *call);",
            "    int64_t (*now)(const postern_call *call);\n    /* [any-thread] */\n    int64_t (*uptime)(void);",
            layout: clockGrew, says: nil),
        Edit(
            "a new type and constant", "ext/clock.h", "/* Lifetime: module. */",
            "#define POSTERN_CLOCK_NEW 1u\ntypedef uint32_t postern_clock_kind;\n\n/* Lifetime: module. */", says: nil),
        Edit("a higher minor version", "version.h", "define POSTERN_ABI_MINOR ", "define POSTERN_ABI_MINOR 9", says: nil),
    ]

    static let breaks = [
        Edit(
            "in the middle", "message.h", "    postern_bytes login;", "    uint64_t extra;\n    postern_bytes login;",
            says: "uint64_t extra"),
        Edit(
            "in the middle and at the tail", "message.h", "    postern_bytes login;\n    postern_bytes tls_version; /* \"TLSv1.3\" */",
            "    uint64_t extra;\n    postern_bytes login;\n    postern_bytes tls_version;", says: "uint64_t extra"),
        Edit(
            "another type beside growth", "ext/clock.h", "    int64_t (*now)(const postern_call *call);",
            "    uint64_t (*now)(const postern_call *call);\n    /* [any-thread] */\n    int64_t (*uptime)(void);",
            layout: clockGrew, says: "'typedef int64_t ("),
        Edit(
            "growth that no assertion knows", "ext/clock.h", "    int64_t (*now)(const postern_call *call);",
            "    int64_t (*now)(const postern_call *call);\n    /* [any-thread] */\n    int64_t (*uptime)(void);",
            says: "postern_clock changed its size"),
        Edit(
            "two of one type changed places", "message.h", "    uint32_t client_family;   /* 4 or 6 */\n    uint32_t client_port;",
            "    uint32_t client_port;\n    uint32_t client_family;", says: "client_port"),
        Edit("a field removed", "message.h", "    postern_bytes tls_cipher;\n", "", says: "tls_cipher"),
        Edit("another type of the same size", "message.h", "    int64_t connected_at;", "    uint64_t connected_at;", says: "connected_at"),
        Edit(
            "what never grows", "types.h", "    uint64_t length;\n} postern_bytes;",
            "    uint64_t length;\n    uint64_t capacity;\n} postern_bytes;",
            says: "uint64_t capacity"),
        Edit(
            "a parameter more", "ext/timer.h", "uint64_t microseconds, uint64_t *operation",
            "uint64_t microseconds, uint32_t flags, uint64_t *operation",
            says: "uint32_t"),
        Edit("another constant", "types.h", "POSTERN_PHASE_RCPT 4u", "POSTERN_PHASE_RCPT 9u", says: "POSTERN_PHASE_RCPT 4u"),
        Edit("a constant less", "types.h", "#define POSTERN_REF_AMBIGUOUS 16u\n", "", says: "POSTERN_REF_AMBIGUOUS 16u"),
        Edit("an older minor version", "version.h", "POSTERN_ABI_MINOR", "POSTERN_ABI_MINOR 0u //", says: "POSTERN_ABI_MINOR went back"),
        Edit("a type gone", "ext/token.h", "} postern_token_result;", "} postern_token_answer;", says: "postern_token_result"),
        Edit(
            "a type whose size nothing asserts", "ext/clock.h", "/* Lifetime: module. */",
            "typedef struct postern_new {\n    uint32_t size;\n} postern_new;\n\n/* Lifetime: module. */",
            says: "postern_new has no assertion of its size"),
        Edit(
            "a function without a tag", "ext/clock.h", "    /* [loop] [pool] Microseconds since 1970-01-01T00:00:00Z. */\n", "",
            says: "postern_clock.now does not say where it may be called"),
        Edit("an unknown tag", "ext/clock.h", "[loop] [pool]", "[lop] [pool]", says: "unknown tag [lop]"),
        Edit("no lifetime", "ext/log.h", "/* Lifetime: module. */\n", "", says: "postern_log.context names no lifetime"),
        Edit(
            "a header that the module map lacks", "ext/new.h", "", "typedef uint32_t postern_new;\n",
            says: "module.modulemap: postern/ext/new.h"),
    ]

    @Test(arguments: growth + breaks)
    func checks(_ edit: Edit) throws {
        let folder = NSTemporaryDirectory() + "/postern-abi-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.copyItem(atPath: TestPlugins.tree + "/SDK/CPostern", toPath: folder)
        try replace(edit.old, by: edit.new, in: "\(folder)/include/postern/\(edit.file)")
        if let layout = edit.layout { try replace(layout.old, by: layout.new, in: folder + "/layout/services.c") }
        let output = folder + "/output"
        let check = try ChildProcess("/bin/sh", [TestPlugins.tree + "/SDK/abi/check.sh", folder + "/include"], output: output)
        let status = check.wait(seconds: 300)
        let said = try String(contentsOfFile: output, encoding: .utf8)
        if let says = edit.says {
            #expect(status == 1)
            #expect(said.contains(says), "\(said)")
        } else {
            #expect(status == 0, "\(said)")
        }
    }

    /// Growth is recorded as it is, a break with its reason only, and then it is what later headers are held to.
    @Test func recordsABreakWithItsReason() throws {
        let folder = NSTemporaryDirectory() + "/postern-abi-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for part in ["abi", "CPostern"] {
            try FileManager.default.copyItem(atPath: TestPlugins.tree + "/SDK/" + part, toPath: folder + "/" + part)
        }
        func record(_ reason: String...) throws -> Int? {
            try ChildProcess("/bin/sh", [folder + "/abi/record.sh"] + reason, output: folder + "/output").wait(seconds: 300)
        }
        #expect(try record() == 0)
        let header = folder + "/CPostern/include/postern/types.h"
        try replace("POSTERN_PHASE_RCPT 4u", by: "POSTERN_PHASE_RCPT 40u", in: header)
        #expect(try record() == 1)
        #expect(try record("") == 1)
        #expect(try record("RCPT was in the way") == 0)
        let accepted = try String(contentsOfFile: folder + "/abi/accepted.md", encoding: .utf8)
        #expect(accepted.contains("RCPT was in the way\n\n```\nABI: constants") && accepted.contains("POSTERN_PHASE_RCPT 4u"))
        #expect(try record() == 0)
        // No reason excuses a function that does not say where it may be called.
        try replace(
            "/* [loop] [pool] Microseconds since", by: "/* Microseconds since", in: folder + "/CPostern/include/postern/ext/clock.h")
        #expect(try record("in a hurry") == 1)
    }

    private func replace(_ old: String, by new: String, in path: String) throws {
        if old.isEmpty { return try new.write(toFile: path, atomically: true, encoding: .utf8) }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let range = try #require(text.range(of: old), "\(path) no longer has what this test changes")
        try text.replacingCharacters(in: range, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
