import Foundation
import GatewayTestKit
import Testing

/// msmtp (GnuTLS, GNU SASL) and curl (its own SASL).
@Suite(.serialized) struct CommandLineClientTests {
    @Test(.enabled(if: Tool.isStaged)) func msmtp() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let certificate = reception.certificate.path + "/cert.pem"
        let trust = "--tls-trust-file=\(certificate)"
        func auth(_ method: String, _ password: String = Reception.password) -> [String] {
            ["--auth=\(method)", "--user=\(Reception.login)", "--passwordeval=echo \(password)"]
        }
        var number = 0
        /// `with`: of Received; nil: it is refused with `reply`.
        func send(_ listener: String?, _ options: [String], with word: String?, _ reply: String = "") throws {
            number += 1
            let letter = Letter("msmtp \(number)")
            let to = options.contains { $0.hasPrefix("--auth=") } ? "b@elsewhere.example" : "b@example.com"
            let sent = try Tool.run(
                [
                    "msmtp", "--host=127.0.0.1", "--port=\(reception.gateway.port(listener))", "--domain=client.example",
                    "--from=\(Reception.login)", "--logfile=",
                ] + options + [to], input: letter.text)
            #expect((sent.status == 0) == (word != nil), "\(listener ?? "plain") \(options): \(sent.errors)")
            if let word { reception.expect(letter, with: word) }
            #expect(reply.isEmpty || sent.errors.contains(reply), "\(listener ?? "plain") \(options): \(sent.errors)")
        }
        let starttls = ["--tls=on", "--tls-starttls=on", trust]
        let implicit = ["--tls=on", "--tls-starttls=off", trust]
        try send(nil, ["--tls=off"], with: "ESMTP")
        try send(nil, starttls, with: "ESMTPS")
        try send("implicit", implicit, with: "ESMTPS")
        try send("required", starttls, with: "ESMTPS")
        try send("lmtp", ["--protocol=lmtp", "--tls=off"], with: "LMTP")
        try send("lmtp", ["--protocol=lmtp"] + starttls, with: "LMTPS")
        try send("submission", starttls + auth("plain"), with: "ESMTPSA")
        try send("submission", starttls + auth("login"), with: "ESMTPSA")
        try send("submission", starttls + auth("on"), with: "ESMTPSA")
        try send("submissions", implicit + auth("plain"), with: "ESMTPSA")
        try send("submissions", implicit + auth("login"), with: "ESMTPSA")
        try send("required", ["--tls=off"], with: nil, "530 5.7.0")
        try send("submission", starttls + auth("plain", "guess"), with: nil, "535 5.7.8")
        try send("submission", starttls + auth("login", "guess"), with: nil, "535 5.7.8")
        try send("submissions", implicit, with: nil, "530 5.7.0")
        try send("clear", starttls, with: nil, "STARTTLS")
        // It would send the password in clear; the gateway does not offer to take it.
        try send("submission", ["--tls=off"] + auth("plain"), with: nil, "authentication")
        try reception.expectNothingElse()
    }

    @Test(.enabled(if: Tool.isStaged)) func curl() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let folder = try TemporaryFolder()
        let trust = ["--cacert", reception.certificate.path + "/cert.pem"]
        var number = 0
        /// `status` of curl: 0 done, 55 refused, 64 no TLS, 67 login denied.
        func send(_ scheme: String, _ listener: String?, _ options: [String], with word: String?, status: Int32 = 0, _ reply: String = "")
            throws
        {
            number += 1
            let letter = Letter("curl \(number)")
            let to = options.contains("--user") ? "b@elsewhere.example" : "b@example.com"
            let sent = try Tool.run(
                [
                    "curl", "-sSv", "\(scheme)://\(reception.address(listener))/client.example", "--mail-from", Reception.login,
                    "--mail-rcpt", to,
                    "--upload-file", letter.write(to: folder), "--crlf",
                ] + options)
            #expect(sent.status == status, "\(scheme) \(listener ?? "plain") \(options): \(sent.errors)")
            if let word { reception.expect(letter, with: word) }
            #expect(reply.isEmpty || sent.errors.contains(reply), "\(scheme) \(listener ?? "plain") \(options): \(sent.errors)")
        }
        let login = ["--user", "\(Reception.login):\(Reception.password)"]
        let wrong = ["--user", "\(Reception.login):guess"]
        try send("smtp", nil, [], with: "ESMTP")
        try send("smtp", nil, ["--ssl"] + trust, with: "ESMTPS")
        try send("smtp", nil, ["--ssl-reqd", "--tls-max", "1.2"] + trust, with: "ESMTPS", "TLSv1.2")
        try send("smtps", "implicit", trust, with: "ESMTPS")
        try send("smtp", "submission", ["--ssl-reqd"] + trust + login, with: "ESMTPSA")
        try send("smtp", "submission", ["--ssl-reqd", "--login-options", "AUTH=LOGIN"] + trust + login, with: "ESMTPSA", "AUTH LOGIN")
        try send("smtp", "submission", ["--ssl-reqd", "--sasl-ir"] + trust + login, with: "ESMTPSA", "AUTH PLAIN ")
        try send(
            "smtps", "submissions", ["--login-options", "AUTH=PLAIN", "--mail-auth", Reception.login] + trust + login, with: "ESMTPSA",
            " AUTH=")
        try send("smtps", "submissions", trust + wrong, with: nil, status: 67, "535 5.7.8")
        // In clear nothing is offered, and the password stays where it is.
        try send("smtp", "submission", login, with: nil, status: 55, "530 5.7.0")
        try send("smtp", "required", [], with: nil, status: 55, "530 5.7.0")
        try send("smtp", "clear", ["--ssl-reqd"] + trust, with: nil, status: 64)
        // Nobody trusts a certificate that nobody has signed.
        try send("smtps", "implicit", [], with: nil, status: 60)
        try reception.expectNothingElse()
    }
}
