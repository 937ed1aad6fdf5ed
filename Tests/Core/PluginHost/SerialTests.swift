import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import PluginHost
@testable import PluginLoader

/// One at a time, in order, each on its own loop.
struct SerialTests {
    @Test func turns() {
        let gate = SerialGate()
        let (first, second) = (ManualLoop(), ManualLoop())
        let order = Mutex<[String]>([])
        gate.enter(on: first, for: .to("a")) { order.withLock { $0.append("first") } }
        gate.enter(on: second, for: .to("a")) { order.withLock { $0.append("second") } }
        second.runPending()
        #expect(order.withLock { $0 } == ["first"])
        gate.leave()
        #expect(order.withLock { $0 } == ["first"])
        second.runPending()
        #expect(order.withLock { $0 } == ["first", "second"])
        gate.leave()
        gate.enter(on: first, for: .to("a")) { order.withLock { $0.append("third") } }
        #expect(order.withLock { $0 } == ["first", "second", "third"])
    }

    @Test func sitesTakeTurns() {
        let gate = SerialGate()
        let loop = ManualLoop()
        let order = Mutex<[String]>([])
        func enter(_ name: String, _ site: String) {
            gate.enter(on: loop, for: .to(site)) { order.withLock { $0.append(name) } }
        }
        for i in 1...4 { enter("a\(i)", "a") }
        enter("b1", "b")
        enter("c1", "c")
        enter("b2", "b")
        for _ in 0..<7 {
            loop.runPending()
            gate.leave()
        }
        #expect(order.withLock { $0 } == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"])
    }

    @Test func aSerialPluginIsAskedAsUsual() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            uint64_t id;
            if (call->reason == POSTERN_START) return timer->start(call, 1, &id) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
            if (call->reason == POSTERN_RESUME) out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
            return POSTERN_DONE;
            """, manifest: ["concurrency": "\"serial\""])
        let (_, events) = try plugins.start(.connect)
        plugins.loop.advance(by: .seconds(1))
        #expect(events.verdicts.first?.symbols.map(\.name) == ["FOUND"])
        let (run, cancelled) = try plugins.start(.connect)
        run.cancel(.sessionEnded)
        #expect(cancelled.verdicts.map(\.result) == [.cancelled])
        #expect(plugins.host.list().first?.calls == 4)
    }
}
