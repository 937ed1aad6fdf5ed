import Foundation
import Mail
import Testing

@testable import PluginHost

/// What workers may have, and who they are.
@Suite(.timeLimit(.minutes(5)))
struct WorkerLimitsTests {
    private static let isRoot = geteuid() == 0

    /// The result of one run, and the one worker that it had.
    private func run(_ plugins: TestPlugins, id: String = "test") throws -> (Verdict, pid_t) {
        let (_, events) = try plugins.start(.data, id: id, message: "\r\n")
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        let status = try #require(plugins.host.list().first { $0.id == id })
        #expect(status.workers.count == 1)
        return (try #require(events.verdicts.first), status.workers[0])
    }

    private static func user(of pid: pid_t) throws -> UInt32 {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Uid:") })
        return try #require(UInt32(line.split(separator: "\t")[1]))
    }

    private static let largest = """
        struct rlimit l; char t[64];
        getrlimit(RLIMIT_DATA, &l);
        snprintf(t, sizeof t, "%llu", (unsigned long long)l.rlim_cur);
        out->add_symbol(out, text("FOUND"), 1, text(t), 0, 0);
        return POSTERN_DONE;
        """

    @Test func otherLimitsBringAnotherWorkerWhileRunsEndInTheOldOne() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            "uint64_t id; if (call->reason == POSTERN_START) { timer->start(call, 1000000, &id); return POSTERN_SUSPEND; }" + Self.largest,
            globals: "#include <stdio.h>\n#include <sys/resource.h>", manifest: WorkerTests.manifest)
        plugins.policy.plugins["test"] = plugins.policy.common
        plugins.policy.plugins["test"]!.memory = 512 << 20
        let old = try {
            let (run, events) = try plugins.start(.data, message: "old")
            WorkerTests.wait(plugins) { run.waits.contains { $0.hasPrefix("timer") } }
            return events
        }()
        let before = try #require(plugins.host.list().first)
        #expect(before.limits?.memory == 512 << 20)
        #expect(before.cage.contains("memory 512 MiB"))

        // Of another plugin: nothing changes.
        plugins.policy.plugins["other"] = WorkerLimits()
        plugins.host.take(plugins.policy)
        #expect(plugins.host.list().first?.generation == 1)
        plugins.policy.plugins["test"]!.memory = 256 << 20
        plugins.host.take(plugins.policy)
        let (_, new) = try plugins.start(.data, message: "new")
        WorkerTests.wait(plugins) {
            plugins.loop.advance(by: .milliseconds(200))
            return !old.verdicts.isEmpty && !new.verdicts.isEmpty
        }
        #expect(old.verdicts.first?.symbols.first?.detail == "\(512 << 20)")
        #expect(new.verdicts.first?.symbols.first?.detail == "\(256 << 20)")
        WorkerTests.wait(plugins) { plugins.host.list().first?.generationsHeld == 1 && kill(before.workers[0], 0) != 0 }
        let after = try #require(plugins.host.list().first)
        #expect(after.generation == 2 && after.generationsHeld == 1)
        #expect(after.limits?.memory == 256 << 20)
        #expect(after.workers != before.workers)
    }

    @Test(.enabled(if: isRoot, "users are given by root alone")) func eachWorkerHasAUserOfItsOwn() throws {
        let plugins = try TestPlugins()
        plugins.policy.common.users = WorkerUsers(60_900...60_950, group: 60_900)
        for id in ["one", "two"] { try plugins.compile("return POSTERN_DONE;", id: id, manifest: WorkerTests.manifest) }
        let (_, one) = try run(plugins, id: "one")
        let (_, two) = try run(plugins, id: "two")
        let users = [try Self.user(of: one), try Self.user(of: two)]
        #expect(users[0] != users[1])
        #expect(users.allSatisfy { (60_900...60_950).contains($0) })
        #expect(plugins.host.list().map { $0.limits?.users.description } == ["60900-60950:60900", "60900-60950:60900"])
    }

    @Test(.enabled(if: isRoot, "users are given by root alone")) func oneUserForAll() throws {
        let plugins = try TestPlugins()
        plugins.policy.common.users = WorkerUsers(60_960...60_960, group: 60_961)
        for id in ["one", "two"] { try plugins.compile("return POSTERN_DONE;", id: id, manifest: WorkerTests.manifest) }
        for id in ["one", "two"] { #expect(try Self.user(of: run(plugins, id: id).1) == 60_960) }
    }

    @Test func thePoolGivesNobodysNumbers() throws {
        let folder = NSTemporaryDirectory() + "/postern-users-" + UUID().uuidString
        try "root:x:0:0::/:/bin/sh\nbad line\nsomebody:x:60971:60971::/:/bin/sh\n".write(toFile: folder, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pool = UserPool(passwords: folder)
        let users = WorkerUsers(60_970...60_973)
        #expect(try pool.take(users) == 60_970)
        #expect(try pool.take(users) == 60_972)
        #expect(try pool.take(users) == 60_973)
        #expect { try pool.take(users) } throws: { "\($0)".contains("none of the users 60970-60973 is free") }
        pool.release(60_972)
        pool.release(60_970)
        // By turns: what was given back last is not the next.
        #expect(try pool.take(users) == 60_970)
        #expect(try pool.take(users) == 60_972)
        // This process has the first.
        let own = geteuid()
        let next = try UserPool(passwords: "/dev/null").take(WorkerUsers(own...own + 1000))
        #expect(next > own)
    }
}
