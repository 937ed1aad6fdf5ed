import Foundation
import GatewayTestKit
import Testing

/// A domain's own mail on the way out, through a listener with TLS and logins.
@Suite(.serialized) struct OutboundTests {
    @Test(.enabled(if: Tool.isStaged)) func aUserSendsToTheWorldThroughTheRelay() throws {
        let certificate = try Tool.certificate()
        let relay = try SinkUnderTest()
        defer { relay.stop() }
        let port = Tool.freePort()
        let tls = "tls: {certificate: \(certificate.path)/cert.pem, key: \(certificate.path)/key.pem}"
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(),
            domain: """
                filters: []
                outbound:
                  deliver_to: [{host: 127.0.0.1, port: \(relay.port), tls: never}]
                  accounts: accounts.txt
                  filters: [hello-c]
                  thresholds: {quarantine: 10}
                """, certificate: certificate, listeners: ["{address: 127.0.0.1, port: \(port), role: outbound, \(tls)}"])
        let made = try Tool.run(
            [Tool.postern, "password", "--memory", "7MiB", "--passes", "5", "anna@example.com"], input: "correct horse\n")
        try #require(made.status == 0, "\(made.errors)")
        try gateway.write("accounts.txt", made.output)
        try gateway.start()
        defer { gateway.stop() }

        let script = """
            import smtplib, ssl
            def session():
                s = smtplib.SMTP('127.0.0.1', \(port), timeout=60)
                s.ehlo('client.example'); s.starttls(context=ssl._create_unverified_context()); s.ehlo('client.example')
                return s
            s = session()
            print('no login', s.mail('anna@example.com')[0])
            try: s.login('anna@example.com', 'wrong'); print('accepted')
            except smtplib.SMTPAuthenticationError as e: print('wrong', e.smtp_code)
            s.login('anna@example.com', 'correct horse')
            print('other sender', s.mail('ceo@bank.example')[0])
            print('mail', s.mail('anna@example.com')[0])
            print('rcpt', s.rcpt('friend@world.example')[0], s.rcpt('nobody@example.com')[0])
            code, text = s.data(b'Subject: hello\\r\\nMessage-ID: <1@example.com>\\r\\n\\r\\nHi\\r\\n')
            print('data', code, text.decode())
            s.quit()
            """
        let result = try Tool.run(["python3", "-"], input: script)
        let heard = result.output.split(separator: "\n").map(String.init)
        try #require(heard.count == 6, "\(heard) \(result.errors)")
        #expect(heard[0] == "no login 530")
        #expect(heard[1] == "wrong 535")
        #expect(heard[2] == "other sender 553")
        #expect(heard[3] == "mail 250")
        #expect(heard[4] == "rcpt 250 250")
        let id = try #require(GatewayUnderTest.queueID(heard[5]))
        #expect(Tool.wait { relay.messages.count == 1 })
        let message = try #require(relay.messages.first)
        #expect(message.contains("with ESMTPSA id \(id)"))
        #expect(message.contains("X-Postern-Symbols: HELLO"))
        let trace = try gateway.command("trace", id).output
        #expect(trace.contains("outbound by anna@example.com"))
        #expect(Tool.wait { gateway.logText.contains("event=authenticated") })
        #expect(!gateway.logText.contains("correct horse"))
    }

    @Test(.enabled(if: Tool.isStaged)) func aNetworkSendsAndTheQueueSaysSo() throws {
        let port = Tool.freePort()
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(),
            domain: "outbound: {deliver_to: [{host: 127.0.0.1, port: \(Tool.freePort())}], networks: [127.0.0.0/8]}",
            listeners: ["{address: 127.0.0.1, port: \(port), role: outbound, auth: off}"])
        try gateway.start()
        defer { gateway.stop() }
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(port), timeout=60)
            s.ehlo('client.example'); s.mail('b@example.com'); s.rcpt('friend@world.example')
            print(*s.data(b'Subject: x\\r\\n\\r\\nHi\\r\\n'))
            """
        #expect(try Tool.run(["python3", "-"], input: script).output.hasPrefix("250 "))
        let entry = try #require(try gateway.json("queue", "list").first)
        #expect(entry["role"] as? String == "outbound")
        #expect(try gateway.command("queue", "list").output.contains("outbound"))
        // The same client on the inbound listener may not relay.
        #expect(try gateway.send(from: "b@example.com", to: ["friend@world.example"]) == ["554 5.7.1 Relay access denied"])
    }
}
