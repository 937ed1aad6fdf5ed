import Foundation
import GatewayTestKit
import Testing

/// A gateway with a listener of every kind, which real clients send to, and what must arrive at its next hop.
final class Reception {
    /// Beside the plain one, which offers STARTTLS.
    private static let listeners = [
        "clear": "role: inbound",
        "implicit": "role: inbound, tls: {implicit: true}",
        "required": "role: inbound, tls: {require: true}",
        "lmtp": "role: inbound, protocol: lmtp, tls: true",
        "lmtp.sock": "role: inbound, protocol: lmtp",
        "xclient": "role: inbound, xclient: [127.0.0.1]",
        "proxy": "role: inbound, tls: true, proxy_protocol: [127.0.0.1]",
        "submission": "role: outbound, auth: required, tls: true",
        "submissions": "role: outbound, auth: required, tls: {implicit: true}",
        "optional": "role: outbound, auth: optional, tls: true",
    ]
    /// An account of example.com.
    static let (login, password) = ("anna@example.com", "secret")

    let gateway: GatewayUnderTest
    let certificate: TemporaryFolder
    let nextHop: any NextHopUnderTest
    private let folder: TemporaryFolder
    /// Messages that must have arrived so far.
    private(set) var arrived = 0

    /// `nextHop` takes the inbound and the outbound mail of example.com. It is stopped with the gateway.
    init(_ nextHop: any NextHopUnderTest) throws {
        self.nextHop = nextHop
        folder = try TemporaryFolder()
        certificate = try Tool.certificate()
        gateway = try GatewayUnderTest(
            nextHop: nextHop.port, domain: try Self.outbound(nextHop.port, folder), certificate: certificate, named: Self.listeners)
        try gateway.start()
    }

    /// The lines of a domain that let `login` send to anybody by way of `port`; the password file goes to `folder`.
    static func outbound(_ port: Int, _ folder: TemporaryFolder) throws -> String {
        let line = try Tool.run([Tool.postern, "password", login, "--memory", "8MiB", "--passes", "5"], input: password + "\n")
        try #require(line.status == 0, "\(line.errors)")
        try line.output.write(toFile: folder.path + "/passwords", atomically: false, encoding: .utf8)
        return "outbound: {deliver_to: [{host: 127.0.0.1, port: \(port), tls: never}], accounts: \(folder.path)/passwords}"
    }

    func stop() {
        gateway.stop()
        nextHop.stop()
    }

    /// `127.0.0.1:25`.
    func address(_ listener: String?) -> String { "127.0.0.1:\(gateway.port(listener))" }

    /// Waits for a message at the next hop: once, whole, and received with that protocol (RFC 3848). The message as it came.
    @discardableResult
    func expect(_ letter: Letter, with word: String, _ comment: String = "", at place: SourceLocation = #_sourceLocation) -> String {
        arrived += 1
        var found: [String] = []
        let isThere = Tool.wait {
            found = nextHop.messages.filter { $0.contains("Subject: \(letter.subject)\n") || $0.contains("Subject: \(letter.subject)\r\n") }
            return found.contains(where: letter.isWhole)
        }
        let seen = found.first?.prefix(1500) ?? ""
        #expect(isThere && found.count == 1, "\(letter.subject) \(comment): \(found.count) arrived\n\(seen)", sourceLocation: place)
        #expect(seen.contains("by mx.gateway.example (Postern) with \(word) id "), "\(letter.subject): \(seen)", sourceLocation: place)
        return found.first ?? ""
    }

    /// Nothing has arrived but what was expected, and nothing waits.
    func expectNothingElse(at place: SourceLocation = #_sourceLocation) throws {
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty }, sourceLocation: place)
        #expect(nextHop.messages.count == arrived, sourceLocation: place)
    }
}
