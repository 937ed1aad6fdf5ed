import Foundation
import GatewayTestKit
import Testing

/// How workers come and go while mail flows: killed, replaced by reloads and new limits, and never left behind.
@Suite(.serialized) struct WorkerLifeTests {
    private func isGone(_ pid: pid_t) -> Bool { kill(pid, 0) != 0 || Tool.isZombie(pid) }

    @Test(.enabled(if: Tool.isStaged)) func limitsChangeWhileMailFlows() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [faulty]", more: "workers: {memory: 1GB, plugins: {faulty: {memory: 512MB}}}",
            probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        let file = gateway.configuration + "/postern.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        func memory() throws -> Int? {
            let plugin = try gateway.json("plugin", "list").first { $0["id"] as? String == "faulty" }
            return (plugin?["limits"] as? [String: Any])?["memory_bytes"] as? Int
        }
        let before = gateway.workers
        #expect(try memory() == 512 << 20)
        let flow = Flow(gateway, each: nil)
        #expect(Tool.wait { flow.replies.count > 20 })
        try gateway.write("postern.yaml", text.replacing("512MB", with: "600MB"))
        #expect(try gateway.command("reload").status == 0)
        let replies = flow.finish()
        sink.expectDelivered(replies)
        #expect(try memory() == 600 << 20)
        #expect(Tool.wait { before.allSatisfy(isGone) && gateway.workers.count == 1 }, "\(before) \(gateway.workers)")
        let table = try gateway.command("plugin", "list").output
        #expect(table.contains("600 MiB"), "\(table)")

        try gateway.write("postern.yaml", text.replacing("512MB", with: "1KB"))
        let refused = try gateway.command("reload")
        #expect(refused.status == 1 && (refused.output + refused.errors).contains("`memory` must be a size"), "\(refused)")
        #expect(try memory() == 600 << 20)
        #expect(gateway.workers.count == 1)
    }

    @Test(.enabled(if: Tool.isStaged)) func workersThatAreKilledCostNothing() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [faulty]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, each: nil)
        var killed: Set<pid_t> = []
        for _ in 0..<5 {
            let before = flow.replies.count
            #expect(Tool.wait { flow.replies.count > before })
            // The one that serves, and none in which something is tried again: that would be its message's fault.
            var pid: pid_t?
            #expect(
                Tool.wait {
                    let first = gateway.workers
                    guard first.count == 1, !killed.contains(first[0]) else { return false }
                    usleep(50_000)
                    guard gateway.workers == first else { return false }
                    pid = first[0]
                    return true
                })
            killed.insert(try #require(pid))
            kill(try #require(pid), SIGKILL)
        }
        let replies = flow.finish()
        sink.expectDelivered(replies)
        #expect(Tool.wait { gateway.lines("died: SIGKILL").count + gateway.lines("ended while it started").count == 5 })
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["blocking", "nonblocking"])
    func noWorkerOutlivesTheGateway(_ execution: String) throws {
        let probe = try Probe("faulty")
        try probe.changeManifest("faulty", "\"blocking\"", to: "\"\(execution)\"")
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(), domain: "filters: [{faulty: {timeout: 300s}}]", probe: probe)
        for how in ["stop", "kill"] {
            try gateway.start()
            let workers = gateway.workers
            #expect(workers.count == 1)
            guard how == "kill" else {
                gateway.stop()
                #expect(Tool.wait { workers.allSatisfy(isGone) })
                continue
            }
            // Its only thread that reads is busy, and it ends all the same.
            Thread { _ = try? gateway.send(fields: ["Fault: hang"]) }.start()
            #expect(Tool.wait { !gateway.lines("printed: hangs").isEmpty })
            try gateway.cut()
            #expect(Tool.wait { workers.allSatisfy(isGone) })
        }
    }

    /// POSTERN_RELOADS: how many; 100 take a few minutes.
    @Test(.enabled(if: Tool.isStaged)) func reloadsUnderLoad() throws {
        let rounds = ProcessInfo.processInfo.environment["POSTERN_RELOADS"].flatMap { Int($0) } ?? 10
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        let builds = try TemporaryFolder()
        for build in ["a", "b"] {
            try probe.compile("faulty", build: build)
            try FileManager.default.copyItem(atPath: probe.path + "/faulty.so", toPath: "\(builds.path)/\(build).so")
        }
        // Two slots, so that a message could see two generations.
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {name: first, label: x}}, {faulty: {name: second, label: y}}]", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, clients: 3, each: nil)
        var memory: [Int] = []
        for round in 0..<rounds {
            let new = probe.path + "/faulty.so.new"
            try FileManager.default.copyItem(atPath: builds.path + (round % 2 == 0 ? "/a.so" : "/b.so"), toPath: new)
            try #require(rename(new, probe.path + "/faulty.so") == 0)
            let before = flow.replies.count
            let reload = try gateway.command("reload")
            #expect(reload.status == 0, "\(reload.errors)")
            #expect(Tool.wait { flow.replies.count > before })
            memory.append(gateway.residentKilobytes)
        }
        let replies = flow.finish()
        #expect(replies.allSatisfy { $0.hasPrefix("250") }, "\(replies.filter { !$0.hasPrefix("250") })")
        #expect(Tool.wait(60) { sink.messages.count == replies.count }, "\(sink.messages.count) of \(replies.count)")
        var seen: Set<Substring> = []
        for message in sink.messages {
            let judged = message.matches(of: /Judged: (\w)/).map(\.output.1)
            #expect(judged.count == 2 && Set(judged).count == 1, "\(judged)")
            seen.formUnion(judged)
        }
        #expect(seen == ["a", "b"])
        // Only the generation in force still has a worker.
        #expect(Tool.wait { gateway.workers.count == 1 }, "\(gateway.workers)")
        let status = try gateway.json("plugin", "list").first { $0["id"] as? String == "faulty" }
        #expect(status?["generation"] as? Int ?? 0 >= rounds)
        print(
            "\(rounds) reloads, \(replies.count) messages: the gateway's memory from \(memory[0]) over \(memory.max()!) to \(memory.last!) KiB"
        )
    }
}

extension GatewayUnderTest {
    /// The workers that it has now.
    var workers: [pid_t] {
        guard let pid, let tasks = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") else { return [] }
        let children = tasks.flatMap { task in
            ((try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/children", encoding: .utf8)) ?? "").split(separator: " ")
        }
        return children.compactMap { pid_t($0) }.filter { !Tool.isZombie($0) }.sorted()
    }

    var residentKilobytes: Int {
        let status = pid.flatMap { try? String(contentsOfFile: "/proc/\($0)/status", encoding: .utf8) } ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) } ?? 0
    }
}
