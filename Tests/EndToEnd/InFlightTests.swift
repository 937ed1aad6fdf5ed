import Foundation
import Glibc
import Testing

/// `postern inflight` of a gateway whose name server says nothing.
@Suite(.serialized) struct InFlightTests {
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func namesWhatIsWaitedFor(_ home: String) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        let port = Tool.freePort()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(bound == 0)
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(),
            more: "edge: [{rbl: {home: \(home), wait: 60s, timeout: 60s, ask_private: true, zones: {silent.example: {127.0.0.2: 4}}}}]",
            dns: "{forward: [\"127.0.0.1:\(port)\"]}")
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.command("inflight").output.contains("0 sessions"))
        let client = try Daemon(
            ["/usr/bin/swaks", "--server", "127.0.0.1:\(gateway.port)", "--from", "a@sender.example", "--to", "b@example.com"],
            log: gateway.folder.path + "/swaks.log")
        defer { client.stop(SIGKILL) }
        var waits: [[String: Any]] = []
        #expect(
            Tool.wait {
                waits = (try? gateway.json("inflight")) ?? []
                return !waits.isEmpty
            }, "\(gateway.logText)")
        let wait = try #require(waits.first)
        #expect(wait["filter"] as? String == "rbl" && wait["phase"] as? String == "connect" && wait["client"] as? String == "127.0.0.1")
        #expect((wait["waits_for"] as? [String])?.contains { $0.contains("silent.example") } == true, "\(wait)")
        let table = try gateway.command("inflight").output
        #expect(table.contains("rbl (detached)") && table.contains("silent.example"), "\(table)")
    }
}
