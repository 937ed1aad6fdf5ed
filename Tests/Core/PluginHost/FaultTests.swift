import Foundation
import GatewayTestKit
import Mail
import PluginHost
import Testing

/// A fault in a worker costs one message one retry.
@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    /// What the plugin does to a message that begins with `!`; all others are found.
    private func plugins(_ fault: String, globals: String = "", manifest: [String: String] = [:]) throws -> TestPlugins {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            postern_bytes b; uint64_t id;
            if (call->reason == POSTERN_CANCEL) return POSTERN_DONE;
            if (call->host->view(call, call->message->raw, &b) != POSTERN_OK) return POSTERN_DONE;
            if (b.length && b.data[0] == '!') { \(fault) }
            if (b.length && b.data[0] == '?' && call->reason == POSTERN_START) {
                if (timer->start(call, 1000000, &id)) return POSTERN_DONE;
                return POSTERN_SUSPEND;
            }
            out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0);
            return POSTERN_DONE;
            """,
            globals: "#include <unistd.h>\n#include <sys/mman.h>\n#include <sys/syscall.h>\n#include <signal.h>\n#include <pthread.h>\n"
                + globals,
            manifest: WorkerTests.manifest.merging(manifest) { $1 })
        return plugins
    }

    @Test(arguments: [
        ("segmentation fault", "*(volatile int *)0 = 1;"),
        ("abort", "abort();"),
        ("exit", "exit(0);"),
        ("_exit", "_exit(3);"),
        ("endless recursion", "return on_phase(self, call, frame, out);"),
        ("closes its descriptors", "for (int i = 3; i < 20; i++) close(i); timer->start(call, 1, &id); usleep(100000);"),
        ("kills itself", "raise(SIGKILL);"),
        ("a wild thread", "pthread_t t; pthread_create(&t, 0, wild, 0); usleep(500000);"),
        ("garbage in the rings", "scribble(); usleep(300000);"),
        ("an exception of the processor", "volatile int zero = 0; return 7 / zero;"),
        ("the stack of the caller", "volatile char *p = __builtin_frame_address(0); for (int i = 0; i < 100000; i++) p[i] = 0x41;"),
    ])
    func oneMessageOneRetry(_ name: String, _ fault: String) throws {
        let plugins = try plugins(
            fault,
            globals: """
                static void *wild(void *p) { *(volatile int *)0 = 1; return p; }
                static void scribble(void) {
                    size_t n = 2 * ((4 << 20) + 256);
                    unsigned char *m = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED, 5, 0);
                    if (m != MAP_FAILED) for (size_t i = 0; i < n; i++) m[i] = (unsigned char)(i * 7 + 13);
                    uint64_t one = 1; if (write(6, &one, 8)) {}
                }
                """)
        // Waits in the worker while the other one's message ends it.
        let (_, waiting) = try plugins.start(.data, message: "?")
        WorkerTests.wait(plugins) { plugins.host.list().first?.calls ?? 0 > 0 || waiting.verdicts.isEmpty }
        let (_, faulty) = try plugins.start(.data, message: "!" + name)
        WorkerTests.wait(plugins) { !faulty.verdicts.isEmpty }
        #expect(faulty.verdicts.map(\.result) == [.crash], "\(name): \(faulty.verdicts.map(\.detail))")
        plugins.loop.advance(by: .seconds(10))
        WorkerTests.wait(plugins) {
            plugins.loop.advance(by: .milliseconds(200))
            return !waiting.verdicts.isEmpty
        }
        #expect(waiting.verdicts.map(\.result) == [.done])
        let (_, after) = try plugins.start(.data, message: "next")
        WorkerTests.wait(plugins) { !after.verdicts.isEmpty }
        #expect(after.verdicts.map(\.result) == [.done])
        #expect(plugins.log.lines.contains { $0.contains("ended two workers") })
        // It is not shown to the plugin again.
        let (_, again) = try plugins.start(.data, message: "!" + name)
        WorkerTests.wait(plugins) { !again.verdicts.isEmpty }
        #expect(again.verdicts.first?.detail.contains("is not shown to it again") == true)
    }

    /// Two runs together end the worker; each alone does not.
    @Test func theRetryIsAlone() throws {
        let plugins = try plugins(
            "static int together; if (call->reason == POSTERN_START) { if (++together == 2) abort(); timer->start(call, 1000, &id); return POSTERN_SUSPEND; }"
        )
        let all = try (0..<2).map { try plugins.start(.data, message: "!\($0)").1 }
        WorkerTests.wait(plugins) {
            plugins.loop.advance(by: .milliseconds(10))
            return all.allSatisfy { !$0.verdicts.isEmpty }
        }
        #expect(all.map { $0.verdicts.map(\.result) } == [[.done], [.done]])
    }

    @Test(arguments: ["nonblocking", "blocking"])
    func aCallThatNeverReturns(_ execution: String) throws {
        let plugins = try plugins(
            "log_->write(log_, call, 2, text(\"sits\")); for (;;) usleep(1000);", manifest: ["execution": "\"\(execution)\""])
        let (hung, events) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { plugins.log.lines.contains { $0.contains("sits") } }
        let before = plugins.host.list().first?.workers
        hung.cancel(.timeout)
        #expect(events.verdicts.map(\.result) == [.timeout])
        // The worker is given up, and another serves.
        let (_, next) = try plugins.start(.data, message: "next")
        WorkerTests.wait(plugins) { !next.verdicts.isEmpty }
        #expect(next.verdicts.map(\.result) == [.done])
        WorkerTests.wait(plugins) { plugins.host.list().first.map { !$0.workers.isEmpty && $0.workers != before } ?? false }
        #expect(plugins.log.lines.contains { $0.contains("did not come back from `slot`") })
    }

    /// The session's time may end while the fresh worker still loads: that is a timeout, nothing is lost, and the culprit is found all the same.
    @Test func aPluginThatLoadsSlowly() throws {
        let plugins = try plugins(
            "abort();", globals: "__attribute__((constructor)) static void load_a_database(void) { usleep(1500000); }")
        let (_, innocent) = try plugins.start(.data, message: "?")
        let (faulty, events) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { plugins.log.lines.contains { $0.contains("died: ") } }
        faulty.cancel(.timeout)
        #expect(events.verdicts.map(\.result) == [.timeout])
        #expect(events.verdicts.first?.detail.contains("worker") == true, "\(events.verdicts)")
        WorkerTests.wait(plugins) {
            plugins.loop.advance(by: .milliseconds(200))
            return plugins.log.lines.contains { $0.contains("ended two workers") } && !innocent.verdicts.isEmpty
        }
        #expect(innocent.verdicts.map(\.result) == [.done])
        // It comes again, and ends no worker any more.
        let (_, again) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { !again.verdicts.isEmpty }
        #expect(again.verdicts.map(\.result) == [.crash])
        #expect(again.verdicts.first?.detail.contains("is not shown to it again") == true)
        let (_, next) = try plugins.start(.data, message: "next")
        WorkerTests.wait(plugins) { !next.verdicts.isEmpty }
        #expect(next.verdicts.map(\.result) == [.done])
        #expect(plugins.log.lines.count { $0.contains("died: ") } == 1)
    }

    @Test func memoryBeyondItsLimit() throws {
        let plugins = try plugins(
            """
            size_t n = 0; char t[64]; void *p;
            while (n < 64 && (p = malloc(256 << 20))) { memset(p, 1, 256 << 20); n++; }
            snprintf(t, sizeof t, "%s", n < 64 ? "stopped" : "endless");
            out->add_symbol(out, text("FOUND"), 1, text(t), 0, 0); return POSTERN_DONE;
            """, globals: "#include <stdio.h>")
        let (_, events) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.first?.symbols.first?.detail == "stopped")
    }

    @Test func floodsOfSymbolsAndLines() throws {
        let plugins = try plugins(
            "for (int i = 0; i < 100000; i++) { out->add_symbol(out, text(\"FOUND\"), 1, text(\"x\"), 0, 0); log_->write(log_, call, 2, text(\"noise\")); printf(\"noise\\n\"); } return POSTERN_DONE;",
            globals: "#include <stdio.h>")
        let (_, events) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.first?.symbols.count == 256)
        #expect(plugins.log.lines.count < 400)
    }

    @Test func whatItLogsDoesNotHideThatItHeldItsLoop() throws {
        let plugins = try plugins(
            "for (int i = 0; i < 200; i++) log_->write(log_, i < 100 ? call : 0, 2, text(\"noise\")); usleep(150000);",
            globals: "#include <unistd.h>", manifest: ["execution": "\"nonblocking\""])
        plugins.home = .host
        let (_, events) = try plugins.start(.data, message: "!")
        #expect(events.verdicts.map(\.result) == [.done])
        for word in ["held its event loop for 0.", "logs more than 64 lines in one run", "logs more than 100 lines in 10 s"] {
            #expect(plugins.log.lines.contains { $0.hasPrefix("warning \(word)") && $0.contains("test") }, "\(word)")
        }
    }

    @Test func whatItPrintsLeavesRoomForWhatItLogs() throws {
        let plugins = try plugins(
            "for (int i = 0; i < 5000; i++) printf(\"noise\\n\"); fflush(stdout); log_->write(log_, call, 2, text(\"important\"));",
            globals: "#include <stdio.h>")
        let (_, events) = try plugins.start(.data, message: "!")
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty && plugins.log.lines.contains { $0.contains("important") } }
        #expect(plugins.log.lines.contains { $0.contains("important") })
        // Two windows of ten seconds at most.
        #expect((1...200).contains(plugins.log.lines.count { $0.contains("noise") }))
    }
}
