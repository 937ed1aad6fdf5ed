import Foundation
import Testing

/// Real clients send, real servers receive.
@Suite(.serialized) struct ClientTests {
    @Test(.enabled(if: Tool.isStaged)) func swaksAndSmtpSourceSend() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, certificate: Tool.certificate())
        try gateway.start()
        defer { gateway.stop() }

        for options in [[], ["--tls"], ["--pipeline"], ["--tls", "--pipeline"]] {
            let sent = try Tool.run(
                [
                    "swaks", "--server", "127.0.0.1:\(gateway.port)", "--from", "a@sender.example", "--to", "b@example.com,c@example.com",
                    "--header", "Subject: swaks \(options)",
                ] + options)
            #expect(sent.status == 0, "\(options): \(sent.output)")
        }
        let source = try Tool.run([
            "/usr/sbin/smtp-source", "-s", "5", "-m", "50", "-l", "4096", "-f", "a@sender.example", "-t", "b@example.com",
            "127.0.0.1:\(gateway.port)",
        ])
        #expect(source.status == 0, "\(source.errors)")
        #expect(Tool.wait(60) { sink.messages.count == 54 }, "\(sink.messages.count)")
        #expect(sink.messages.contains { $0.contains("with ESMTPS id") && $0.contains("using TLSv1.3") })
    }

    /// Lines with leading dots, an empty one, long ones, eight bits: the body arrives byte for byte.
    @Test(.enabled(if: Tool.isStaged)) func theBodyIsNotTouched() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [hello-c]")
        try gateway.start()
        defer { gateway.stop() }
        let script = """
            import smtplib
            body = b'Subject: dots\\r\\n\\r\\n.\\r\\n..\\r\\n.a\\r\\n\\r\\n' + b'y' * 5000 + b'\\r\\n\\xe9\\xff\\r\\n' + b''.join(b'.line %d\\r\\n' % n for n in range(30000)) + b'end\\r\\n'
            s = smtplib.SMTP('127.0.0.1', \(gateway.port)); s.ehlo('c.example'); s.mail('a@sender.example', ['BODY=8BITMIME']); s.rcpt('b@example.com')
            s.putcmd('data'); s.getreply()
            import re
            s.send(re.sub(rb'(?m)^\\.', b'..', body) + b'.\\r\\n'); print(s.getreply()); s.quit()
            """
        #expect(try Tool.run(["python3", "-c", script]).output.contains("250"))
        #expect(Tool.wait { sink.messages.first?.contains("\nend") ?? false })
        let got = try #require(sink.files.first)
        var wanted =
            Data("Subject: dots\n\n.\n..\n.a\n\n".utf8) + Data(repeating: UInt8(ascii: "y"), count: 5000) + Data([0x0A, 0xE9, 0xFF, 0x0A])
        for n in 0..<30000 { wanted += Data(".line \(n)\n".utf8) }
        wanted += Data("end\n".utf8)
        // smtp-sink writes LF, and dots as it got them on the wire.
        let text = Data(got.filter { $0 != 0x0D })
        let start = try #require(text.range(of: Data("Subject: dots".utf8)))
        let received = Self.unstuffed(text[start.lowerBound...])
        #expect(received.starts(with: wanted) && received.count - wanted.count <= 2, "\(received.count) of \(wanted.count) bytes")
    }

    /// Takes away the dot that transparency (RFC 5321 section 4.5.2) put at the start of lines, if the sink kept it.
    private static func unstuffed(_ text: Data) -> Data {
        guard text.range(of: Data("\n...\n".utf8)) != nil || text.range(of: Data("\n..line 0\n".utf8)) != nil else { return text }
        var out = Data(capacity: text.count)
        var isLineStart = true
        for byte in text {
            if isLineStart, byte == UInt8(ascii: ".") {
                isLineStart = false
                continue
            }
            out.append(byte)
            isLineStart = byte == 0x0A
        }
        return out
    }
}
