import Foundation
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
        let theirs = Set(receiver.log.split(separator: "\n").filter { $0.contains("status=sent") }.compactMap(Self.postfixID))
        #expect(theirs.count == 20)
        var named: Set<String> = []
        for id in ids {
            #expect(try Tool.wait { try gateway.command("trace", id).output.contains("queued as ") })
            let trace = try gateway.command("trace", id).output
            named.formUnion(theirs.filter { trace.contains("queued as \($0)") })
        }
        #expect(named == theirs)
        #expect(try gateway.json("queue", "list").isEmpty)
    }

    /// `... postfix/virtual[18005]: 0D366FF8263: to=<...`
    private static func postfixID(_ line: Substring) -> String? {
        line.components(separatedBy: "]: ").dropFirst().first.map { String($0.prefix { $0 != ":" }) }
    }
}
