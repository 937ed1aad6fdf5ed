import Foundation
import GatewayTestKit
import Testing

/// swaks with its options for TLS, AUTH, LMTP, PIPELINING, XCLIENT and PROXY.
@Suite(.serialized) struct SwaksTests {
    private struct Try {
        var listener: String?
        var options: [String]
        /// The word of Received; nil: it fails.
        var with: String?
        /// Of swaks: 0 for done, 23 MAIL refused, 28 AUTH failed, 29 no TLS ...
        var status: Int32 = 0
        /// Stands in its output, or in the message.
        var saying: String = ""

        init(_ listener: String?, _ options: String, with word: String, _ saying: String = "") {
            self.listener = listener
            self.options = options.split(separator: " ").map(String.init)
            self.with = word
            self.saying = saying
        }

        init(_ listener: String?, _ options: String, fails status: Int32, _ saying: String) {
            self.init(listener, options, with: "", saying)
            self.with = nil
            self.status = status
        }
    }

    @Test(.enabled(if: Tool.isStaged)) func inbound() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let certificate = reception.certificate.path + "/cert.pem"
        let source = "--proxy-source 192.0.2.9 --proxy-source-port 4000 --proxy-dest 192.0.2.1 --proxy-dest-port 25"
        let source6 = "--proxy-source 2001:db8::9 --proxy-source-port 4000 --proxy-dest 2001:db8::1 --proxy-dest-port 25"
        try run(
            [
                Try(nil, "", with: "ESMTP"),
                Try(nil, "--protocol SMTP", with: "SMTP"),
                Try(nil, "--pipeline", with: "ESMTP"),
                Try(nil, "--tls", with: "ESMTPS", "(using TLSv1.3)"),
                Try(nil, "--tls --tls-protocol tlsv1_2", with: "ESMTPS", "(using TLSv1.2)"),
                Try(nil, "--tls --tls-verify --tls-ca-path \(certificate)", with: "ESMTPS"),
                Try(nil, "--tls --tls-sni mx.gateway.example --pipeline", with: "ESMTPS"),
                Try(nil, "--tls-optional", with: "ESMTPS"),
                Try(nil, "--protocol ESMTPS", with: "ESMTPS"),
                Try(
                    nil, "--tls --auth PLAIN --auth-user \(Reception.login) --auth-password secret", fails: 28,
                    "Host did not advertise auth"),
                Try("clear", "--tls-optional-strict", with: "ESMTP"),
                Try("clear", "--tls", fails: 29, "STARTTLS"),
                Try("implicit", "--tls-on-connect", with: "ESMTPS"),
                Try("implicit", "--protocol SSMTP --pipeline", with: "ESMTPS"),
                // A word for HELO under TLS does not exist.
                Try("implicit", "--protocol SMTPS", with: "SMTP", "(using TLSv1.3)"),
                Try("required", "--tls", with: "ESMTPS"),
                Try("required", "", fails: 23, "530 5.7.0"),
                Try("required", "--protocol SMTP", fails: 23, "530 5.7.0"),
                Try("lmtp", "--protocol LMTP", with: "LMTP"),
                Try("lmtp", "--protocol LMTPS", with: "LMTPS"),
                Try("lmtp", "", fails: 22, "500 5.5.1"),
                Try("lmtp.sock", "--protocol LMTP", with: "LMTP"),
                Try("lmtp.sock", "--protocol LMTP --pipeline --to b@example.com,c@example.com", with: "LMTP"),
                Try(
                    "xclient", "--xclient-addr 192.0.2.7 --xclient-name client.example --xclient-helo first.example", with: "ESMTP",
                    "(client.example [192.0.2.7])"),
                Try(
                    "xclient", "--xclient-addr IPV6:2001:db8::7 --xclient-delim --xclient-port 1234", with: "ESMTP", "([IPv6:2001:db8::7])"),
                Try("xclient", "--xclient ADDR=nonsense", fails: 33, "501 5.5.4"),
                Try(nil, "--xclient-no-verify --xclient-addr 192.0.2.7", fails: 33, ""),
                Try("proxy", "--proxy-version 1 --proxy-family TCP4 \(source)", with: "ESMTP", "([192.0.2.9])"),
                Try("proxy", "--proxy-version 1 --proxy-family TCP6 \(source6) --tls", with: "ESMTPS", "([IPv6:2001:db8::9])"),
                Try("proxy", "--proxy-version 2 --proxy-family AF_INET \(source) --tls", with: "ESMTPS", "([192.0.2.9])"),
                Try("proxy", "--proxy-version 2 --proxy-family AF_INET6 \(source6)", with: "ESMTP", "([IPv6:2001:db8::9])"),
                // swaks numbers the command LOCAL 2, which is none.
                Try("proxy", "--proxy-version 2 --proxy-command LOCAL --proxy-family AF_INET \(source)", fails: 6, "closed"),
                Try("proxy", "", fails: 6, "closed"),
                Try("proxy", "--proxy-version 1 --proxy nonsense", fails: 6, "closed"),
            ], reception)
        try reception.expectNothingElse()
    }

    @Test(.enabled(if: Tool.isStaged)) func outbound() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let right = "--auth-user \(Reception.login) --auth-password \(Reception.password)"
        let wrong = "--auth-user \(Reception.login) --auth-password guess"
        let nobody = "--auth-user nobody@example.com --auth-password \(Reception.password)"
        try run(
            [
                Try("submission", "--tls --auth PLAIN \(right)", with: "ESMTPSA"),
                Try("submission", "--tls --auth LOGIN \(right)", with: "ESMTPSA"),
                Try("submission", "--protocol ESMTPSA \(right) --pipeline", with: "ESMTPSA"),
                Try("submission", "--tls --auth-optional-strict PLAIN \(right)", with: "ESMTPSA"),
                Try("submissions", "--tls-on-connect --auth PLAIN \(right)", with: "ESMTPSA"),
                Try("submissions", "--protocol SSMTPA \(right)", with: "ESMTPSA"),
                Try("optional", "--protocol ESMTPSA \(right)", with: "ESMTPSA"),
                Try("submission", "--tls --auth PLAIN \(wrong)", fails: 28, "535 5.7.8"),
                Try("submission", "--tls --auth LOGIN \(wrong)", fails: 28, "535 5.7.8"),
                Try("submissions", "--tls-on-connect --auth PLAIN \(nobody)", fails: 28, "535 5.7.8"),
                // What fails is not retried without a login.
                Try("submission", "--tls --auth-optional PLAIN \(wrong)", fails: 23, "530 5.7.0"),
                Try("submission", "--tls --auth CRAM-MD5 \(right)", fails: 28, "Auth not attempted"),
                Try("submission", "--tls", fails: 23, "530 5.7.0"),
                Try("submissions", "--tls-on-connect", fails: 23, "530 5.7.0"),
                // In clear AUTH is neither offered nor taken.
                Try("submission", "--auth PLAIN \(right)", fails: 28, "Host did not advertise auth"),
                Try("submission", "", fails: 23, "530 5.7.0"),
                Try("optional", "--tls", fails: 23, "530 5.7.0"),
            ], reception, to: "b@elsewhere.example")
        try reception.expectNothingElse()
    }

    /// Larger than what is kept in memory, than a record of TLS and than a socket's buffer.
    @Test(.enabled(if: Tool.isStaged)) func largeBody() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let folder = try TemporaryFolder()
        for (name, options) in [(nil, ["--tls"]), ("lmtp.sock", ["--protocol", "LMTP"])] {
            let letter = Letter("large \(options)", lines: 200_000)
            let sent = try swaks(reception, name, options + ["--to", "b@example.com"], letter, folder)
            #expect(sent.status == 0, "\(options): \(sent.output.suffix(500))")
            reception.expect(letter, with: name == nil ? "ESMTPS" : "LMTP")
        }
    }

    private func run(_ tries: [Try], _ reception: Reception, to recipient: String = "b@example.com") throws {
        let folder = try TemporaryFolder()
        for (number, one) in tries.enumerated() {
            let what = "\(one.listener ?? "plain") \(one.options.joined(separator: " "))"
            let letter = Letter("swaks \(number)", to: recipient)
            let to = one.options.contains("--to") ? [] : ["--to", recipient]
            let sent = try swaks(reception, one.listener, one.options + to, letter, folder)
            #expect(sent.status == one.status, "\(what): \(sent.output.suffix(700)) \(sent.errors)")
            if let word = one.with {
                let message = reception.expect(letter, with: word, what)
                #expect(one.saying.isEmpty || message.contains(one.saying), "\(what): \(message.prefix(1000))")
            } else {
                #expect(one.saying.isEmpty || (sent.output + sent.errors).contains(one.saying), "\(what): \(sent.output) \(sent.errors)")
            }
        }
    }

    private func swaks(
        _ reception: Reception, _ listener: String?, _ options: [String], _ letter: Letter, _ folder: TemporaryFolder
    ) throws -> Tool.Result {
        let isSocket = listener?.hasSuffix(".sock") ?? false
        let server = isSocket ? ["--socket", reception.gateway.socket(listener!)] : ["--server", reception.address(listener)]
        return try Tool.run(
            ["swaks", "--helo", "client.example", "--from", Reception.login, "--data", "@" + letter.write(to: folder), "--suppress-data"]
                + server + options)
    }
}
