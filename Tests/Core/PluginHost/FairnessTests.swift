import Mail
import PluginHost
import Testing

/// Mail that takes a plugin of the class `blocking` long holds up its own sender's mail, and nobody else's.
@Suite(.timeLimit(.minutes(5)))
struct FairnessTests {
    /// Sits in its call as long as somebody waits for it, and says so.
    private static let plugin = """
        postern_bytes b;
        if (call->reason != POSTERN_START || call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
        if (b.length && b.data[0] == 's') {
            log_->write(log_, call, 2, text("sits"));
            while (!call->host->cancelled(call)) usleep(1000);
        }
        out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0);
        return POSTERN_DONE;
        """

    private func plugins(_ home: FilterManifest.Home, threads: Int = 4) throws -> TestPlugins {
        let plugins = try TestPlugins(home)
        plugins.policy.common.threads = threads
        plugins.policy.common.grace = .seconds(60)
        try plugins.compile(
            Self.plugin, globals: "#include <unistd.h>", manifest: WorkerTests.manifest.merging(["execution": "\"blocking\""]) { $1 })
        return plugins
    }

    private func sitting(_ plugins: TestPlugins) -> Int { plugins.log.lines.count { $0.contains("sits") } }

    @Test(arguments: [FilterManifest.Home.host, .worker]) func oneSiteLeavesAThreadToTheOthers(_ home: FilterManifest.Home) throws {
        let plugins = try plugins(home)
        let slow = try (0..<40).map { try plugins.start(.data, message: "slow", client: "192.0.2.\($0)") }
        WorkerTests.wait(plugins) { sitting(plugins) > 0 }
        // Of other networks, of the same network with a login, and by IPv6: each its verdict, while the first ones still sit.
        for (client, login) in [("198.51.100.1", nil), ("203.0.113.1", nil), ("192.0.2.1", "a@example.com"), ("2001:db8::1", nil)] {
            let (_, events) = try plugins.start(.data, message: "fast", client: client, login: login)
            WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
            #expect(events.verdicts.map(\.result) == [.done], "\(client)")
        }
        #expect(slow.allSatisfy { $0.1.verdicts.isEmpty })
        // Its own waits for it.
        let (own, waits) = try plugins.start(.data, message: "fast", client: "192.0.2.77")
        let (_, others) = try plugins.start(.data, message: "fast", client: "198.51.100.1")
        WorkerTests.wait(plugins) { !others.verdicts.isEmpty }
        #expect(waits.verdicts.isEmpty)
        let sat = sitting(plugins)
        for (run, _) in slow.reversed() { run.cancel(.timeout) }
        #expect(slow.allSatisfy { $0.1.verdicts.map(\.result) == [.timeout] })
        WorkerTests.wait(plugins) { !waits.verdicts.isEmpty }
        #expect(waits.verdicts.map(\.result) == [.done])
        withExtendedLifetime(own) {}
        // What never got a thread was never shown to the plugin.
        #expect(sitting(plugins) == sat)
    }

    /// Two threads: one site has one of them.
    @Test func aSiteThatSitsInItsShareIsOvertaken() throws {
        let plugins = try plugins(.worker, threads: 2)
        let slow = try (0..<6).map { _ in try plugins.start(.data, message: "slow") }
        WorkerTests.wait(plugins) { sitting(plugins) == 1 }
        let fast = try (0..<30).map { try plugins.start(.data, message: "fast", client: "198.51.100.\($0)").1 }
        WorkerTests.wait(plugins) { fast.allSatisfy { !$0.verdicts.isEmpty } }
        #expect(fast.allSatisfy { $0.verdicts.map(\.result) == [.done] })
        #expect(sitting(plugins) == 1 && slow.allSatisfy { $0.1.verdicts.isEmpty })
        for (run, _) in slow { run.cancel(.sessionEnded) }
    }
}
