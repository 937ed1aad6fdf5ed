import Foundation
import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import Testing

@testable import Deliver

/// Postfix's own sink receives what we send.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/smtp-sink"), "no smtp-sink here"))
struct SMTPSinkTests {
    /// Runs smtp-sink on a free port while `body` runs.
    private func withSink(_ arguments: [String], _ body: (Int, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-sink-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = FreePort.take()
        // It wants to be nobody rather than root.
        let user = geteuid() == 0 ? ["-u", "nobody"] : []
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
        let sink = try ChildProcess("/usr/sbin/smtp-sink", user + arguments + ["127.0.0.1:\(port)", "100"], directory: folder)
        defer { sink.stop() }
        let isUp = await eventually {
            guard
                let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
                    host: "127.0.0.1", port: port
                ).get()
            else { return false }
            try? await channel.close()
            return true
        }
        try #require(isUp)
        try await body(port, folder)
    }

    @Test func bytesArriveAsTheyAre() async throws {
        try await withSink(["-d", "%H%M%S."]) { port, folder in
            let body = "Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nmiddle.dot\r\n\r\nlast\r\n"
            let report = await Delivery().send(body, headers: "X-Added: yes\r\n", via: NextHop(host: "127.0.0.1", port: port, tls: .never))
            #expect(report.words == ["delivered 250"])
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(files.count == 1)
            let dump = try String(decoding: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(files.first ?? "")")), as: UTF8.self)
            // The sink puts lines of its own on top and writes LF.
            let sent = ("X-Added: yes\r\n" + body).replacing("\r\n", with: "\n")
            #expect(dump.contains("X-Rcpt-Args: <r@d.example>"))
            #expect(dump.contains(sent), "\(dump)")
        }
    }

    @Test func twoHundredMessages() async throws {
        try await withSink([]) { port, _ in
            let delivery = Delivery()
            await withTaskGroup(of: Int.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        var delivered = 0
                        for _ in 0..<20 where await delivery.send(via: NextHop(host: "127.0.0.1", port: port)).words == ["delivered 250"] {
                            delivered += 1
                        }
                        return delivered
                    }
                }
                var delivered = 0
                for await count in group { delivered += count }
                #expect(delivered == 200)
            }
            #expect(delivery.client.openConnections <= 10)
        }
    }
}
