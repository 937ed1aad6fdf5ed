import Foundation
import GatewayTestKit
import Testing

/// The program `postern-worker` is not there: at the start, and later.
@Suite(.serialized) struct MissingWorkerTests {
    @Test(.enabled(if: Tool.isStaged)) func isNamedAndCostsItsFiltersMailOnly() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        // An installed tree of our own, without it.
        let tree = try TemporaryFolder()
        let (postern, worker) = (tree.path + "/bin/postern", tree.path + "/bin/postern-worker")
        try FileManager.default.createDirectory(atPath: tree.path + "/bin", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: tree.path + "/lib", withDestinationPath: Tool.stage + "/lib")
        try FileManager.default.copyItem(atPath: Tool.postern, toPath: postern)
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {on_error: defer}}]", probe: Probe("faulty"))
        try gateway.writeDomain("filters: []", domain: "other.example")

        for command in ["check", "run"] {
            let refused = try Tool.run([postern, command, "--config", gateway.configuration])
            let said = refused.output + refused.errors
            #expect(refused.status == 1, "\(command): \(said)")
            for word in ["faulty.so: needs a worker", "\(worker) is missing", "install it beside `postern`"] {
                #expect(said.contains(word), "\(command): \(said)")
            }
        }

        try FileManager.default.copyItem(atPath: Tool.stage + "/bin/postern-worker", toPath: worker)
        try gateway.start(postern)
        defer { gateway.stop() }
        #expect(try gateway.send(text: "with its worker")[0].hasPrefix("250"))
        // An upgrade gone wrong: the one that serves goes on, and no other can be started.
        try FileManager.default.moveItem(atPath: worker, toPath: worker + ".away")
        #expect(try gateway.send(text: "with its worker still")[0].hasPrefix("250"))
        for pid in gateway.workers { kill(pid, SIGKILL) }
        #expect(Tool.wait { gateway.workers.isEmpty })
        let reply = try gateway.send()[0]
        #expect(reply.hasPrefix("451"), "\(reply)")
        #expect(try gateway.send(to: ["c@other.example"], text: "without a filter")[0].hasPrefix("250"))
        let told = try #require(gateway.lines("no worker: ").first, "\(gateway.logText)")
        #expect(told.contains("plugin=faulty") && told.contains("\(worker): No such file or directory"), "\(told)")

        try FileManager.default.moveItem(atPath: worker + ".away", toPath: worker)
        #expect(try Tool.wait { try gateway.send(text: "with another worker")[0].hasPrefix("250") })
        #expect(Tool.wait { sink.messages.count == 4 }, "\(sink.messages.count)")
        #expect(sink.messages.count { $0.contains("Judged: 0") } == 3)
    }
}
