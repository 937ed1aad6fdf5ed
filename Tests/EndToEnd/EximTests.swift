import Foundation
import Testing

/// A real Exim sends: in chunks (RFC 3030), by TLS of both kinds, with logins, by LMTP.
@Suite(.serialized) struct EximTests {
    @Test(.enabled(if: Tool.isStaged && MailServerRoot.isPossible)) func everyWay() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let exim = try EximUnderTest(authority: reception.certificate)
        let (starttls, implicit, lmtp) = (["hosts_require_tls = *"], ["protocol = smtps"], ["protocol = lmtp", "hosts_avoid_tls = *"])
        let data = ["hosts_try_chunking ="]
        var number = 0
        /// `with`: of Received; nil: it is refused with `reply`. `K` in Exim's log: CHUNKING was used.
        func send(
            _ listener: String?, _ transport: [String], _ mechanism: String? = nil, password: String = Reception.password, lines: Int = 0,
            isChunked: Bool = true, with word: String?, _ reply: String = ""
        ) throws {
            number += 1
            let letter = Letter("exim \(number)", lines: lines)
            let isOutbound = listener?.hasPrefix("submission") ?? false
            let log = try exim.send(
                letter, to: isOutbound ? "b@elsewhere.example" : "b@example.com", port: reception.gateway.port(listener),
                transport: transport,
                login: mechanism.map { (Reception.login, password, $0) })
            if let word {
                reception.expect(letter, with: word, log)
                #expect(log.contains(" K C=\"250 ") == isChunked, "\(log)")
            } else {
                #expect(log.contains(reply) && !log.contains(" => "), "\(log)")
            }
        }
        try send(nil, ["hosts_avoid_tls = *"], with: "ESMTP")
        try send(nil, starttls, with: "ESMTPS")
        try send(nil, starttls + data, isChunked: false, with: "ESMTPS")
        // Many chunks; lines that begin with dots go as they are.
        try send(nil, starttls, lines: 200_000, with: "ESMTPS")
        try send(nil, starttls + data, lines: 20_000, isChunked: false, with: "ESMTPS")
        try send("implicit", implicit, with: "ESMTPS")
        try send("required", starttls, with: "ESMTPS")
        try send("lmtp", lmtp, with: "LMTP")
        try send("submission", starttls, "PLAIN", with: "ESMTPSA")
        try send("submission", starttls, "LOGIN", with: "ESMTPSA")
        try send("submissions", implicit, "PLAIN", with: "ESMTPSA")
        try send("submissions", implicit, "PLAIN", password: "guess", with: nil, "535 5.7.8")
        try send("submission", starttls, "LOGIN", password: "guess", with: nil, "535 5.7.8")
        try send("submission", starttls, with: nil, "530 5.7.0")
        try send("required", ["hosts_avoid_tls = *"], with: nil, "530 5.7.0")
        try send("clear", starttls, with: nil, "TLS")
        try reception.expectNothingElse()
    }
}
