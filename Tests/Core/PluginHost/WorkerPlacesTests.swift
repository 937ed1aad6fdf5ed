import Foundation
import Mail
import PluginHost
import Testing

/// The home `worker-per-domain`: none shares a worker, and no more than allowed live at once.
@Suite(.timeLimit(.minutes(5)))
struct WorkerPlacesTests {
    /// Says which process it is; a message that begins with `?` waits for a second of the loop's time before.
    private func plugins(most: Int, idle: Duration = .seconds(600)) throws -> TestPlugins {
        let plugins = try TestPlugins(.workerPerDomain)
        try plugins.compile(
            """
            postern_bytes b; uint64_t id; char t[32];
            if (call->reason == POSTERN_CANCEL) return POSTERN_DONE;
            if (call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
            if (b.data[0] == '?' && call->reason == POSTERN_START) {
                if (timer->start(call, 1000000, &id)) return POSTERN_DONE;
                return POSTERN_SUSPEND;
            }
            snprintf(t, sizeof t, "%d", (int)syscall(SYS_getpid));
            out->add_symbol(out, text("FOUND"), 1, text(t), 0, 0);
            return POSTERN_DONE;
            """, globals: "#include <stdio.h>\n#include <unistd.h>\n#include <sys/syscall.h>",
            manifest: ["homes": "[\"worker-per-domain\"]"])
        plugins.policy.common.mostPerDomain = most
        plugins.policy.common.idle = idle
        return plugins
    }

    private func workers(_ plugins: TestPlugins) -> [pid_t] { plugins.host.list().first?.workers ?? [] }

    private func isGone(_ pid: pid_t) -> Bool { kill(pid, 0) != 0 }

    /// The process that judged a message of this domain.
    private func judge(_ plugins: TestPlugins, _ domain: String) throws -> pid_t {
        let (_, events) = try plugins.start(.data, message: "x", domain: domain)
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.map(\.result) == [.done], "\(events.verdicts.map(\.detail))")
        return try #require(events.verdicts.first?.symbols.first.flatMap { pid_t($0.detail) })
    }

    @Test func theOneUsedLongestAgoMakesRoom() throws {
        let plugins = try plugins(most: 2)
        let a = try judge(plugins, "a.example")
        let b = try judge(plugins, "b.example")
        #expect(a != b)
        #expect(try judge(plugins, "a.example") == a)
        let c = try judge(plugins, "c.example")
        WorkerTests.wait(plugins) { isGone(b) }
        #expect(isGone(b) && !isGone(a))
        #expect(Set(workers(plugins)) == [a, c])
        // It comes again, in another.
        #expect(![a, b, c].contains(try judge(plugins, "b.example")))
        WorkerTests.wait(plugins) { isGone(a) }
        #expect(isGone(a) && !isGone(c))
        let status = try #require(plugins.host.list().first)
        #expect(status.home == .workerPerDomain && status.generation == 1 && status.generationsHeld == 1)
        #expect(status.faults == 0)
    }

    @Test func whenAllAreBusyOneWaitsForItsTurn() throws {
        let plugins = try plugins(most: 1)
        let a = try judge(plugins, "a.example")
        let (_, under) = try plugins.start(.data, message: "?", domain: "a.example")
        let (waiting, given) = try plugins.start(.data, message: "x", domain: "b.example")
        let (late, timedOut) = try plugins.start(.data, message: "x", domain: "c.example")
        usleep(300_000)
        #expect(waiting.waits.first?.hasPrefix("a worker") == true, "\(waiting.waits)")
        late.cancel(.timeout)
        #expect(timedOut.verdicts.map(\.result) == [.timeout])
        #expect(timedOut.verdicts.first?.detail.contains("a worker") == true)
        // New mail of the one that is there does not hold its place for ever.
        WorkerTests.wait(plugins) { workers(plugins).isEmpty }
        let (_, next) = try plugins.start(.data, message: "x", domain: "a.example")
        #expect(given.verdicts.isEmpty && under.verdicts.isEmpty)
        plugins.loop.advance(by: .seconds(2))
        WorkerTests.wait(plugins) { !under.verdicts.isEmpty && !given.verdicts.isEmpty && !next.verdicts.isEmpty }
        #expect([under, given, next].map { $0.verdicts.first?.result } == [.done, .done, .done])
        let seen = [under, given, next].map { $0.verdicts.first?.symbols.first?.detail }
        #expect(seen[0] == "\(a)")
        #expect(Set(seen).count == 3)
        WorkerTests.wait(plugins) { isGone(a) }
        #expect(workers(plugins).count == 1)
        #expect(plugins.host.list().first?.faults == 0)
    }

    @Test func oneWithNothingToDoEnds() throws {
        let plugins = try plugins(most: 4, idle: .milliseconds(500))
        let a = try judge(plugins, "a.example")
        WorkerTests.wait(plugins) { isGone(a) && workers(plugins).isEmpty }
        #expect(isGone(a) && workers(plugins).isEmpty)
        // A call that takes longer is not nothing.
        let (run, events) = try plugins.start(.data, message: "?", domain: "a.example")
        WorkerTests.wait(plugins) { run.waits.first?.hasPrefix("timer") == true }
        let busy = workers(plugins)
        usleep(1_500_000)
        #expect(busy.count == 1 && workers(plugins) == busy)
        plugins.loop.advance(by: .seconds(2))
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.map(\.result) == [.done])
        #expect(plugins.log.lines.allSatisfy { !$0.contains("died") })
    }

    @Test func equalSettingsOfManyDomainsAreTriedOnce() throws {
        let plugins = try plugins(most: 2)
        plugins.host.rescan()
        var slot = FilterSlot(name: "slot", plugin: "test")
        slot.home = .workerPerDomain
        let instances = try (0..<50).map { try plugins.host.instance(for: slot, of: "d\($0).example") }
        #expect(workers(plugins).count <= 1)
        #expect(plugins.host.list().first?.instances == 50)
        #expect(Set(instances.map(\.home)) == [.workerPerDomain])
        _ = try judge(plugins, "d30.example")
    }
}
