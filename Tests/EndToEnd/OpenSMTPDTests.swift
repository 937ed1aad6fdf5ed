import Foundation
import GatewayTestKit
import Testing

/// A real OpenSMTPD sends: by TLS of both kinds, with logins, by LMTP.
@Suite(.serialized) struct OpenSMTPDTests {
    @Test(.enabled(if: Tool.isStaged && MailServerRoot.isPossible)) func everyWay() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        func at(_ listener: String?) -> String { reception.address(listener) }
        let opensmtpd = try OpenSMTPDUnderTest(
            routes: [
                "opportunistic": "smtp://\(at(nil))", "cleartext": "smtp+notls://\(at("clear"))", "starttls": "smtp+tls://\(at(nil))",
                "required": "smtp+tls://\(at("required"))", "implicit": "smtps://\(at("implicit"))", "lmtp": "lmtp://\(at("lmtp"))",
                "submission": "smtp+tls://anna@\(at("submission"))", "submissions": "smtps://anna@\(at("submissions"))",
                "refused": "smtp+notls://\(at("required"))", "guessed": "smtps://guess@\(at("submissions"))",
                "anonymous": "smtps://\(at("submissions"))",
            ],
            secrets: ["anna": "\(Reception.login):\(Reception.password)", "guess": "\(Reception.login):guess"],
            authority: reception.certificate)
        defer { opensmtpd.stop() }

        let words = [
            "opportunistic": "ESMTPS", "cleartext": "ESMTP", "starttls": "ESMTPS", "required": "ESMTPS", "implicit": "ESMTPS",
            "lmtp": "LMTP", "submission": "ESMTPSA", "submissions": "ESMTPSA",
        ]
        let replies = ["refused": "530 5.7.0", "guessed": "535 5.7.8", "anonymous": "530 5.7.0"]
        let folder = try TemporaryFolder()
        var letters: [(route: String, letter: Letter)] = []
        for route in words.keys.sorted() + replies.keys.sorted() {
            let letter = Letter("opensmtpd \(route)")
            let isOutbound = ["submission", "submissions", "guessed", "anonymous"].contains(route)
            try letter.submit(to: opensmtpd.port(route), recipient: isOutbound ? "b@elsewhere.example" : "b@example.com", folder)
            letters.append((route, letter))
        }
        for (route, letter) in letters { if let word = words[route] { reception.expect(letter, with: word, opensmtpd.log) } }
        for (route, reply) in replies { #expect(Tool.wait { opensmtpd.log.contains(reply) }, "\(route): \(opensmtpd.log)") }
        #expect(opensmtpd.log.contains("server-cert-check result=\"success\""), "\(opensmtpd.log)")
        try reception.expectNothingElse()
    }
}
