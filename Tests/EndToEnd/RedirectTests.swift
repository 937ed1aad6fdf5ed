import Foundation
import GatewayTestKit
import Testing

/// Mail that a mailbox sends on, and the bounce that comes back, through the live gateway.
struct RedirectTests {
    @Test(.enabled(if: Tool.isStaged)) func onwardsAndTheBounceBack() throws {
        let (home, far) = (try SinkUnderTest(), try SinkUnderTest())
        defer {
            home.stop()
            far.stop()
        }
        // The targets' and the senders' domains are configured too, so that their servers stand on a port of this test.
        let gateway = try GatewayUnderTest(
            nextHop: home.port, domain: "recipients: {list: [b]}\nmailboxes: {on@example.com: {redirect: far@world.example, keep: true}}")
        func world(_ name: String) throws {
            try gateway.write(
                "domains/\(name).yaml",
                "domain: \(name)\nrecipients: any\ndeliver_to: [{host: 127.0.0.1, port: \(far.port), tls: never}]\n")
        }
        try world("world.example")
        try gateway.start()
        defer { gateway.stop() }
        let secret = gateway.data + "/srs.secret"
        let rights = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int
        #expect(rights == 0o600)

        #expect(try gateway.send(to: ["on@example.com"])[0].hasPrefix("250"))
        #expect(Tool.wait { far.messages.count == 1 && home.messages.count == 1 })
        let sent = try #require(far.messages.first)
        #expect(sent.contains("Delivered-To: on@example.com"))
        #expect(!home.messages[0].contains("Delivered-To:"))
        let path = try #require(sent.firstMatch(of: #/X-Mail-Args: <(SRS0=[^>]+@example\.com)>/#)?.1, "\(sent.prefix(300))")

        // An invisible character in a secret is refused; foreign line ends make no other one.
        let own = try String(contentsOfFile: secret, encoding: .utf8)
        gateway.stop()
        try own.replacing("\n", with: " \u{1}\n").write(toFile: secret, atomically: true, encoding: .utf8)
        let refused = try Tool.run([Tool.postern, "run", "--config", gateway.configuration])
        let said = refused.output + refused.errors
        #expect(refused.status != 0 && said.contains("srs.secret:2:66: a control character in a secret; remove it"), "\(said)")
        try own.replacing("\n", with: "\r\n").write(toFile: secret, atomically: true, encoding: .utf8)

        // A restart keeps the secret. The sender's domain gets a server of this test, then the bounce comes.
        try world("sender.example")
        try gateway.start()
        let bounced = try gateway.send(from: "", to: [String(path)], text: "bounce")
        #expect(bounced[0].hasPrefix("250"), "\(bounced)")
        #expect(Tool.wait { far.messages.count == 2 })
        let bounce = try #require(far.messages.first { $0.contains("bounce") })
        #expect(bounce.contains("X-Rcpt-Args: <a@sender.example>") && bounce.contains("X-Mail-Args: <>"), "\(bounce.prefix(300))")

        // Nobody else gets in that way, and no forged one.
        #expect(try gateway.send(from: "x@sender.example", to: [String(path)]) == ["550 5.1.1 This address takes bounces only"])
        let forged = String(path).replacing("=a@", with: "=b@").replacing("sender.example=a", with: "sender.example=b")
        #expect(try gateway.send(from: "", to: [forged]) == ["550 5.1.1 No such recipient"])
        // Round and round.
        #expect(
            try gateway.send(to: ["on@example.com"], fields: ["Delivered-To: on@example.com"]) == [
                "554 5.4.6 This message has been here before"
            ])
        #expect(home.messages.count == 1 && far.messages.count == 2)
    }
}
