import Foundation
import GatewayTestKit
import Testing

/// A real Postfix sends by TLS, and a real Postfix receives.
@Suite(.serialized) struct PostfixTests {
    @Test(.enabled(if: Tool.isStaged && PostfixUnderTest.isPossible)) func fromPostfixToPostfix() throws {
        let receiver = try PostfixUnderTest()
        defer { receiver.stop() }
        let gateway = try GatewayUnderTest(nextHop: receiver.port, domain: "filters: [hello-c]", certificate: Tool.certificate())
        try gateway.start()
        defer { gateway.stop() }
        let sender = try PostfixUnderTest(relay: gateway.port)
        defer { sender.stop() }

        let source = try Tool.run([
            "/usr/sbin/smtp-source", "-s", "4", "-m", "20", "-l", "2000", "-f", "a@sender.example", "-t", "b@example.com",
            "127.0.0.1:\(sender.port)",
        ])
        #expect(source.status == 0, "\(source.errors)")
        #expect(Tool.wait(60) { receiver.messages.count == 20 }, "\(receiver.messages.count)\n\(sender.log)\n\(receiver.log)")
        for message in receiver.messages {
            #expect(message.contains("by mx.gateway.example (Postern) with ESMTPS id "), "\(message)")
        }

        // The sender's log names our queue IDs; our history names the receiver's.
        let ids = sender.log.components(separatedBy: "queued as ").dropFirst().map { String($0.prefix(13)) }
        #expect(Set(ids).count == 20, "\(sender.log)")
        var theirs: Set<String> = []
        let isLogged = Tool.wait {
            theirs = Set(receiver.log.split(separator: "\n").filter { $0.contains("status=sent") }.compactMap(Self.postfixID))
            return theirs.count == 20
        }
        #expect(isLogged, "\(receiver.log)")
        var named: Set<String> = []
        for id in ids {
            #expect(try Tool.wait { try gateway.command("trace", id).output.contains("queued as ") })
            let trace = try gateway.command("trace", id).output
            named.formUnion(theirs.filter { trace.contains("queued as \($0)") })
        }
        #expect(named == theirs)
        #expect(try gateway.json("queue", "list").isEmpty)
    }

    /// The wishes of the sender (RFC 3461) and its address in UTF-8 (RFC 6531) pass through: the receiver sends the notification.
    @Test(.enabled(if: Tool.isStaged && PostfixUnderTest.isPossible)) func wishesForNotificationsPassThrough() throws {
        let receiver = try PostfixUnderTest()
        let reception = try Reception(receiver)
        defer { reception.stop() }
        let sender = try PostfixUnderTest(relay: reception.gateway.port)
        defer { sender.stop() }
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(sender.port)); s.ehlo('client.example')
            print(s.mail('jörg@sender.example', ['SMTPUTF8', 'BODY=8BITMIME', 'RET=HDRS', 'ENVID=QQ+2B314159']))
            print(s.rcpt('b@example.com', ['NOTIFY=SUCCESS,FAILURE', 'ORCPT=utf-8;jemand@bücher.example']))
            print(s.rcpt('c@example.com', ['NOTIFY=NEVER']))
            print(s.data('From: jörg@sender.example\\r\\nSubject: Wünsche\\r\\n\\r\\nsecret\\r\\n'.encode())); s.quit()
            """
        let sent = try Tool.run(["python3", "-"], input: script)
        #expect(sent.output.split(separator: "\n").filter { $0.hasPrefix("(250,") }.count == 4, "\(sent.output) \(sent.errors)")
        var notifications: [String] = []
        let isThere = Tool.wait {
            notifications = receiver.messages.filter { $0.contains("\nContent-Type: multipart/report;") }
            return !notifications.isEmpty
        }
        let notification = notifications.first ?? ""
        #expect(isThere, "\(sender.log)\n\(receiver.log)\n\(receiver.messages)")
        for line in ["Original-Envelope-Id: QQ+314159\n", "jemand@bücher.example", "Action: delivered\n", "Subject: Wünsche\n"] {
            #expect(notification.contains(line), "\(line): \(notification)")
        }
        #expect(!notification.contains("c@example.com") && !notification.contains("secret"), "\(notification)")
        let copies = receiver.messages.filter { $0.contains("\nsecret\n") }
        #expect(copies.count == 2 && copies.allSatisfy { $0.contains("by mx.gateway.example (Postern) with UTF8SMTPS id ") }, "\(copies)")
    }

    @Test(.enabled(if: Tool.isStaged && PostfixUnderTest.isPossible)) func postfixLogsIn() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let folder = try TemporaryFolder()
        /// `with`: of Received; nil: it is refused with `reply`.
        func send(_ listener: String, tls: String = "encrypt", _ settings: [String], with word: String?, _ reply: String = "") throws {
            let sender = try PostfixUnderTest(relay: reception.gateway.port(listener), tls: tls, settings: settings)
            defer { sender.stop() }
            let letter = Letter("postfix \(listener) \(settings.count)")
            try letter.submit(
                to: sender.port, recipient: listener == "required" ? "b@example.com" : "b@elsewhere.example", folder)
            if let word {
                reception.expect(letter, with: word, sender.log)
            } else {
                #expect(Tool.wait { !sender.log.contains("status=sent") && sender.log.contains(reply) }, "\(sender.log)")
            }
        }
        func login(_ password: String) -> [String] {
            [
                "smtp_sasl_auth_enable = yes", "smtp_sasl_password_maps = static:\(Reception.login):\(password)",
                "smtp_sasl_security_options = noanonymous", "smtp_sasl_tls_security_options = noanonymous",
            ]
        }
        let right = login(Reception.password)
        try send("submission", right + ["smtp_sasl_mechanism_filter = plain"], with: "ESMTPSA")
        try send("submission", right + ["smtp_sasl_mechanism_filter = login", "smtp_tls_mandatory_protocols = TLSv1.2"], with: "ESMTPSA")
        try send("submissions", right + ["smtp_tls_wrappermode = yes"], with: "ESMTPSA")
        try send("submission", login("guess"), with: nil, "535 5.7.8")
        try send("submission", [], with: nil, "530 5.7.0")
        try send("required", [], with: "ESMTPS")
        try send("required", tls: "none", [], with: nil, "530 5.7.0")
        try reception.expectNothingElse()
    }

    /// `... postfix/virtual[18005]: 0D366FF8263: to=<...`
    private static func postfixID(_ line: Substring) -> String? {
        line.components(separatedBy: "]: ").dropFirst().first.map { String($0.prefix { $0 != ":" }) }
    }
}
