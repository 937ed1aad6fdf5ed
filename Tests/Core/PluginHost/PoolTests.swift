import Foundation
import GatewayTestKit
import Mail
import PluginHost
import Testing

/// The class `blocking` in the gateway's process: on threads of the pool, and nobody on a loop waits for them.
struct PoolTests {
    private static let manifest = ["execution": "\"blocking\""]

    /// Runs what is due on the loop until `condition` holds.
    private func wait(_ plugins: TestPlugins, _ condition: () -> Bool) {
        for _ in 0..<3000 where !condition() {
            usleep(10_000)
            plugins.loop.runPending()
        }
    }

    @Test func theVerdictComesFromAThread() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            "usleep(20000); out->add_symbol(out, text(\"FOUND\"), 1, text(\"\"), 0, 0); return POSTERN_DONE;",
            globals: "#include <unistd.h>",
            manifest: Self.manifest)
        let (_, events) = try plugins.start(.data, message: "\r\n")
        #expect(events.verdicts.isEmpty)
        wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.map(\.result) == [.done])
        #expect(events.verdicts.first?.symbols.map(\.name) == ["FOUND"])
    }

    @Test func servicesFromTheThread() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            if (call->reason == POSTERN_START) {
                postern_dns_question q = {.name = text("a.example"), .type = 1}; uint64_t id;
                return dns->resolve(call, &q, 1, sizeof q, &id) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
            }
            if (call->reason == POSTERN_RESUME) out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0);
            return POSTERN_DONE;
            """, manifest: Self.manifest)
        let (_, events) = try plugins.start(.data, message: "\r\n")
        wait(plugins) { !plugins.resolver.questions.isEmpty }
        plugins.resolver.answer { _ in DNSAnswer(status: .found, records: [[127, 0, 0, 2]]) }
        wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.first?.symbols.map(\.name) == ["FOUND"])
    }

    /// The plugin loops until `cancelled` says so; the verdict of the timeout does not wait for it.
    @Test func aCallThatNeverReturnsIsToldAndNotWaitedFor() throws {
        let plugins = try TestPlugins()
        let mark = plugins.folder + "/left"
        try plugins.compile(
            """
            if (call->reason == POSTERN_CANCEL) return POSTERN_DONE;
            while (!call->host->cancelled(call)) usleep(1000);
            FILE *f = fopen("\(mark)", "w"); if (f) fclose(f);
            return POSTERN_DONE;
            """, globals: "#include <unistd.h>\n#include <stdio.h>", manifest: Self.manifest)
        let (run, events) = try plugins.start(.data, message: "\r\n")
        usleep(20_000)
        run.cancel(.timeout)
        #expect(events.verdicts.map(\.result) == [.timeout])
        wait(plugins) { FileManager.default.fileExists(atPath: mark) }
        #expect(FileManager.default.fileExists(atPath: mark))
        #expect(events.verdicts.count == 1)
    }
}
