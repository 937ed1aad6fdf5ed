import Foundation
import GatewayTestKit
import Mail
import PluginHost
import Testing

/// The home `worker`, through real processes.
@Suite(.timeLimit(.minutes(5)))
struct WorkerTests {
    static let manifest = ["homes": "[\"worker\", \"host\"]", "rights": "[\"quarantine\", \"add-headers\"]"]

    /// Runs what is due on the loop until `condition` holds, a minute at most.
    static func wait(_ plugins: TestPlugins, _ condition: () -> Bool) {
        for _ in 0..<6000 where !condition() {
            usleep(10_000)
            plugins.loop.runPending()
        }
    }

    /// One run, to its verdict.
    private func verdict(_ plugins: TestPlugins, _ phase: Phase = .data, _ message: String? = "\r\n") throws -> Verdict {
        let (_, events) = try plugins.start(phase, message: message)
        Self.wait(plugins) { !events.verdicts.isEmpty }
        return try #require(events.verdicts.first)
    }

    // MARK: What works as in the gateway's process

    private static let everything = """
        postern_recipient r = {.size = sizeof r}; postern_bytes b; char t[300];
        if (call->transaction->recipient(call->transaction, 0, &r) != POSTERN_OK) return POSTERN_DONE;
        if (call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
        snprintf(t, sizeof t, "%.*s %.*s %.*s %u %.*s %.*s %llu", (int)r.address.length, (const char *)r.address.data,
            (int)call->session->helo.length, (const char *)call->session->helo.data, (int)call->slot.length, (const char *)call->slot.data,
            call->session->client_port, (int)call->transaction->reverse_path.length, (const char *)call->transaction->reverse_path.data,
            (int)b.length, (const char *)b.data, (unsigned long long)call->message->raw.length);
        out->add_symbol(out, text("FOUND"), 1.5, text(t), 0, 0);
        out->add_symbol(out, text("NOT_MINE"), 1, text(""), 0, 0);
        out->propose(out, POSTERN_QUARANTINE, 0, 0, 0, text("because"), 0);
        out->add_header(out, text("X-Test"), text("yes"), 0);
        return POSTERN_DONE;
        """

    @Test func theSameVerdictInBothHomes() throws {
        let plugins = try TestPlugins()
        try plugins.compile(Self.everything, globals: "#include <stdio.h>", manifest: Self.manifest)
        let inWorker = try verdict(plugins, .data, "Subject: x\r\n\r\n")
        plugins.home = .host
        let inHost = try verdict(plugins, .data, "Subject: x\r\n\r\n")
        #expect(inWorker.result == .done)
        #expect(inWorker.symbols == inHost.symbols)
        #expect(inWorker.symbols.first?.detail == "b@example.com client.example slot 4321 a@sender.example Subject: x     14")
        #expect(inWorker.proposals == inHost.proposals)
        #expect(inWorker.detail == inHost.detail)
        #expect(inWorker.detail.contains("undeclared symbol NOT_MINE"))
    }

    @Test(arguments: [100_000, 3_000_000])
    func largeMessages(_ count: Int) throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            postern_bytes b; unsigned long long sum = 0; char t[64];
            if (call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
            for (uint64_t i = 0; i < b.length; i++) sum += b.data[i];
            snprintf(t, sizeof t, "%llu", sum);
            out->add_symbol(out, text("FOUND"), 1, text(t), 0, 0);
            return POSTERN_DONE;
            """, globals: "#include <stdio.h>", manifest: Self.manifest)
        #expect(try verdict(plugins, .data, String(repeating: "a", count: count)).symbols.first?.detail == "\(97 * count)")
    }

    @Test func questionsTimersAndDetaching() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            static int answers; uint64_t id[2];
            if (call->reason == POSTERN_START) {
                postern_dns_question q = {.name = text("a.example"), .type = 1};
                if (dns->resolve(call, &q, 1, sizeof q, id) || timer->start(call, 2000000, id + 1)) return POSTERN_DONE;
                return POSTERN_DETACH_BEFORE(POSTERN_PHASE_RCPT);
            }
            answers += (int)call->completion_count;
            if (call->completions->result) out->add_symbol(out, text("LIST_A"), ((const postern_dns_answer *)call->completions->result)->ttl, text(""), 0, 0);
            return answers < 2 ? POSTERN_SUSPEND : POSTERN_DONE;
            """, manifest: Self.manifest)
        let (run, events) = try plugins.start(.connect)
        Self.wait(plugins) { !plugins.resolver.questions.isEmpty && !events.detached.isEmpty }
        #expect(events.detached == [.rcpt])
        #expect(run.waits == ["dns A a.example 0.0s", "timer 2.0s 0.0s"])
        plugins.resolver.answer { _ in DNSAnswer(status: .found, records: [[127, 0, 0, 2]], ttl: 60) }
        Self.wait(plugins) { run.waits == ["timer 2.0s 0.0s"] }
        plugins.loop.advance(by: .seconds(2))
        Self.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.first?.symbols.map(\.factor) == [60])
    }

    @Test func settingsThatThePluginRefuses() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", refuses: "/zone: is no zone", manifest: Self.manifest)
        plugins.host.rescan()
        #expect {
            try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
        } throws: {
            "\($0)".contains("test refuses its settings: /zone: is no zone")
        }
    }

    @Test func blockingRunsSideBySide() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            "usleep(300000); out->add_symbol(out, text(\"FOUND\"), 1, text(\"\"), 0, 0); return POSTERN_DONE;",
            globals: "#include <unistd.h>",
            manifest: Self.manifest.merging(["execution": "\"blocking\""]) { $1 })
        let all = try (0..<4).map { _ in try plugins.start(.data, message: "\r\n").1 }
        Self.wait(plugins) { all.allSatisfy { !$0.verdicts.isEmpty } }
        #expect(all.allSatisfy { $0.verdicts.first?.symbols.count == 1 })
    }

    @Test func whatItPrintsAndWhereItIsHeld() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            "printf(\"hello\\n\"); fflush(stdout); return POSTERN_DONE;", globals: "#include <stdio.h>", manifest: Self.manifest)
        #expect(try verdict(plugins).result == .done)
        let status = try #require(plugins.host.list().first)
        #expect(status.home == .worker)
        #expect(status.workers.count == 1)
        #expect(status.cage.contains("seccomp"))
        Self.wait(plugins) { plugins.log.lines.contains { $0.contains("printed: hello") } }
        #expect(plugins.log.lines.contains { $0.contains("printed: hello") })
    }

    @Test func aChangedLibraryGetsAnotherWorker() throws {
        let plugins = try TestPlugins()
        try plugins.compile("out->add_symbol(out, text(\"FOUND\"), 1, text(\"\"), 0, 0); return POSTERN_DONE;", manifest: Self.manifest)
        #expect(try verdict(plugins).symbols.first?.factor == 1)
        let first = plugins.host.list().first?.workers
        try plugins.compile("out->add_symbol(out, text(\"FOUND\"), 2, text(\"\"), 0, 0); return POSTERN_DONE;", manifest: Self.manifest)
        #expect(try verdict(plugins).symbols.first?.factor == 2)
        #expect(plugins.host.list().first?.workers != first)
        Self.wait(plugins) { plugins.host.list().first?.generationsHeld == 1 }
        #expect(first.map { kill($0[0], 0) } == -1)
    }

    @Test func nothingIsLeftOfAHostThatGoes() throws {
        let worker = try {
            let plugins = try TestPlugins()
            try plugins.compile("return POSTERN_DONE;", manifest: Self.manifest)
            _ = try verdict(plugins)
            return try #require(plugins.host.list().first?.workers.first)
        }()
        // Not even its entry in the table of processes, which stays until somebody has asked how it ended.
        for _ in 0..<6000 where kill(worker, 0) == 0 { usleep(10_000) }
        #expect(kill(worker, 0) == -1 && errno == ESRCH)
    }

    @Test func noWorkerProgram() throws {
        let plugins = try TestPlugins(worker: "/nowhere/postern-worker")
        try plugins.compile("return POSTERN_DONE;", manifest: Self.manifest)
        plugins.host.rescan()
        #expect {
            try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
        } throws: {
            "\($0)".contains("/nowhere/postern-worker is missing")
        }
    }

    @Test func aLibraryThatCannotBeLoaded() throws {
        let plugins = try TestPlugins()
        try plugins.compile("nobody_has_this(); return POSTERN_DONE;", globals: "void nobody_has_this(void);", manifest: Self.manifest)
        plugins.host.rescan()
        #expect {
            try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
        } throws: {
            "\($0)".contains("undefined symbol: nobody_has_this")
        }
    }
}
