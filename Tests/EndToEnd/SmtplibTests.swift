import Foundation
import Testing

/// Python's smtplib and its three clients: SMTP, SMTP_SSL and LMTP.
@Suite(.serialized) struct SmtplibTests {
    /// Runs a Python script. `attempt(name, what)` in it prints a line: `name: ok`, or the reply that it was refused with.
    private func run(_ reception: Reception, _ script: String) throws -> [String] {
        let gateway = reception.gateway
        let head = """
            import smtplib, ssl, sys
            from email.message import EmailMessage
            from email import policy
            login, password = '\(Reception.login)', '\(Reception.password)'
            trusted = ssl.create_default_context(cafile='\(reception.certificate.path)/cert.pem')
            plain, clear, implicit, required = \(gateway.port), \(gateway.port("clear")), \(gateway.port("implicit")), \(gateway.port("required"))
            lmtp, submission, submissions = \(gateway.port("lmtp")), \(gateway.port("submission")), \(gateway.port("submissions"))
            lmtp_socket = '\(gateway.socket("lmtp.sock"))'
            def letter(name): return open('\(reception.gateway.folder.path)/' + name, 'rb').read().replace(b'\\n', b'\\r\\n')
            def message(subject, sender, to, text):
                m = EmailMessage(policy=policy.SMTPUTF8)
                m['From'], m['To'], m['Subject'] = sender, to, subject
                m.set_content(text)
                return m
            def attempt(name, what):
                try: print(name + ':', what() or 'ok')
                except smtplib.SMTPRecipientsRefused as e: print(name + ':', *[(c, t.decode()) for c, t in e.recipients.values()][0])
                except smtplib.SMTPResponseException as e: print(name + ':', e.smtp_code, e.smtp_error.decode())
                except Exception as e: print(name + ':', type(e).__name__, e)
            def reply(answer): return '%d %s' % (answer[0], answer[1].decode().split('\\n')[0])

            """
        let result = try Tool.run(["python3", "-"], input: head + script, seconds: 120)
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }

    private func letter(_ name: String, _ reception: Reception) throws -> Letter {
        let letter = Letter(name)
        try letter.text.write(toFile: reception.gateway.folder.path + "/" + name, atomically: false, encoding: .utf8)
        return letter
    }

    @Test(.enabled(if: Tool.isStaged)) func everyClient() throws {
        let reception = try Reception(SinkUnderTest())
        defer { reception.stop() }
        let words = [
            "plain": "ESMTP", "helo": "SMTP", "starttls": "ESMTPS", "ssl": "ESMTPS", "required": "ESMTPS", "lmtp": "LMTP",
            "lmtp-starttls": "LMTPS", "lmtp-socket": "LMTP", "submission": "ESMTPSA", "login": "ESMTPSA", "submissions": "ESMTPSA",
        ]
        let letters = try words.keys.sorted().map { try letter($0, reception) }
        let lines = try run(
            reception,
            """
            a, b, c = 'a@sender.example', 'b@example.com', 'b@elsewhere.example'
            def send(name, client, sender=a, to=b):
                def what():
                    refused = client().sendmail(sender, [to], letter(name), ['BODY=8BITMIME'])
                    return str(refused) if refused else None
                attempt(name, what)
            def ready(s, *steps):
                for step in steps: step(s)
                return s
            starttls = lambda s: s.starttls(context=trusted)
            log_in = lambda s: s.login(login, password)
            host = '127.0.0.1'
            send('plain', lambda: smtplib.SMTP(host, plain))
            send('starttls', lambda: ready(smtplib.SMTP(host, plain), starttls))
            send('ssl', lambda: smtplib.SMTP_SSL(host, implicit, context=trusted))
            send('required', lambda: ready(smtplib.SMTP(host, required), starttls))
            send('lmtp', lambda: smtplib.LMTP(host, lmtp))
            send('lmtp-starttls', lambda: ready(smtplib.LMTP(host, lmtp), starttls))
            send('lmtp-socket', lambda: smtplib.LMTP(lmtp_socket))
            send('submission', lambda: ready(smtplib.SMTP(host, submission), starttls, log_in), login, c)
            def auth_login(s):
                s.ehlo(); s.user, s.password = login, password
                s.auth('LOGIN', s.auth_login, initial_response_ok=False)
            send('login', lambda: ready(smtplib.SMTP(host, submission), starttls, auth_login), login, c)
            send('submissions', lambda: ready(smtplib.SMTP_SSL(host, submissions, context=trusted), log_in), login, c)
            def helo():
                s = smtplib.SMTP(host, plain); s.helo('client.example'); s.sendmail(a, [b], letter('helo')); s.quit()
            attempt('helo', helo)

            attempt('no-tls', lambda: smtplib.SMTP(host, required).sendmail(a, [b], 'x'))
            attempt('no-starttls', lambda: smtplib.SMTP(host, clear).starttls())
            attempt('twice', lambda: reply(ready(smtplib.SMTP(host, plain), starttls).docmd('STARTTLS')))
            attempt('wrong', lambda: ready(smtplib.SMTP(host, submission), starttls).login(login, 'guess'))
            attempt('none', lambda: ready(smtplib.SMTP(host, submission), starttls).sendmail(login, [c], 'x'))
            attempt('relay', lambda: smtplib.SMTP(host, plain).sendmail(a, [c], 'x'))
            attempt('stranger', lambda: ready(smtplib.SMTP(host, submission), starttls, log_in).sendmail('a@sender.example', [c], 'x'))
            clear_auth = lambda: ready(smtplib.SMTP(host, submission), lambda s: s.ehlo())
            attempt('auth-in-clear', lambda: reply(clear_auth().docmd('AUTH', 'PLAIN AGFubmFAZXhhbXBsZS5jb20Ac2VjcmV0')))
            attempt('not-offered', lambda: clear_auth().login(login, password))
            attempt('inbound', lambda: reply(ready(smtplib.SMTP(host, plain), starttls, lambda s: s.ehlo()).docmd('AUTH PLAIN AGFubmFAZXhhbXBsZS5jb20Ac2VjcmV0')))
            """)
        for letter in letters { #expect(lines.contains("\(letter.subject): ok"), "\(letter.subject): \(lines)") }
        for letter in letters { reception.expect(letter, with: words[letter.subject]!) }
        func refused(_ name: String, _ reply: String) { #expect(lines.contains { $0.hasPrefix("\(name): \(reply)") }, "\(name): \(lines)") }
        refused("no-tls", "530 5.7.0")
        refused("no-starttls", "SMTPNotSupportedError")
        refused("twice", "503 5.5.1")
        refused("wrong", "535 5.7.8")
        refused("none", "530 5.7.0")
        refused("relay", "554 5.7.1")
        refused("stranger", "553 5.7.1")
        refused("auth-in-clear", "538 5.7.11")
        refused("not-offered", "SMTPNotSupportedError")
        refused("inbound", "502 5.5.1")
        try reception.expectNothingElse()
    }

    /// Addresses and header fields in UTF-8 (RFC 6531), to a Postfix that takes them.
    @Test(.enabled(if: Tool.isStaged && PostfixUnderTest.isPossible)) func internationalAddresses() throws {
        let reception = try Reception(PostfixUnderTest())
        defer { reception.stop() }
        let lines = try run(
            reception,
            """
            host = '127.0.0.1'
            def send(name, client, *steps):
                def what():
                    s = client()
                    for step in steps: step(s)
                    s.send_message(message('Größe ' + name, 'jörg@bücher.example', '用户@example.com', 'Grüße 你好'))
                    s.quit()
                attempt(name, what)
            send('plain', lambda: smtplib.SMTP(host, plain))
            send('tls', lambda: smtplib.SMTP(host, plain), lambda s: s.starttls(context=trusted))
            send('lmtp', lambda: smtplib.LMTP(host, lmtp))
            def without():
                s = smtplib.SMTP(host, plain); s.ehlo(); s.command_encoding = 'utf-8'
                return reply(s.docmd('MAIL FROM:<jörg@bücher.example>'))
            attempt('without', without)
            """)
        for (name, word) in [("plain", "UTF8SMTP"), ("tls", "UTF8SMTPS"), ("lmtp", "UTF8LMTP")] {
            #expect(lines.contains("\(name): ok"), "\(lines)")
            var found: String?
            let isThere = Tool.wait {
                found = reception.nextHop.messages.first { $0.contains("Subject: Größe \(name)\n") }
                return found != nil
            }
            let text = try #require(found, "\(name) \(isThere)")
            #expect(text.contains("by mx.gateway.example (Postern) with \(word) id "), "\(text)")
            for line in [
                "From: jörg@bücher.example\n", "To: 用户@example.com\n", "\n\nGrüße 你好\n", "for <用户@example.com>;",
                "Return-Path: <jörg@bücher.example>\n",
            ] {
                #expect(text.contains(line), "\(name): \(line) \(text)")
            }
        }
        #expect(lines.contains { $0.hasPrefix("without: 553 5.6.7") }, "\(lines)")
    }
}
