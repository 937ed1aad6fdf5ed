import Foundation
import GatewayTestKit
import Testing

/// A gateway that has run out of something of its own.
@Suite(.serialized) struct DescriptorTests {
    /// Without a descriptor for a connection mail waits, and no destination is taken for dead: what comes then is tried too, and goes as soon
    /// as there is one again.
    @Test(.enabled(if: Tool.isStaged)) func withoutDescriptorsNoNextHopIsBlamed() async throws {
        let hop = try await ScriptedNextHop()
        let gateway = try GatewayUnderTest(nextHop: hop.port)
        try gateway.start()
        defer { gateway.stop() }
        let pid = try #require(gateway.pid)
        let words = "this gateway has no file descriptor left"
        // The session stands before the limit falls below what is in use.
        let script = """
            import resource, smtplib, time
            s = smtplib.SMTP('127.0.0.1', \(gateway.port), timeout=60); s.ehlo('client.example')
            soft, hard = resource.prlimit(\(pid), resource.RLIMIT_NOFILE)
            resource.prlimit(\(pid), resource.RLIMIT_NOFILE, (8, hard))
            for i in range(3): s.sendmail('a@sender.example', ['b%d@example.com' % i], 'Subject: x\\r\\n\\r\\nx\\r\\n')
            end = time.time() + 60
            while time.time() < end:
                said = [line for line in open('\(gateway.log)') if '\(words)' in line]
                if all(any('b%d@' % i in line for line in said) for i in range(3)): break
                time.sleep(0.05)
            resource.prlimit(\(pid), resource.RLIMIT_NOFILE, (soft, hard))
            print(len(said) >= 3)
            """
        let result = try Tool.run(["python3", "-c", script], seconds: 120)
        #expect(result.output == "True\n", "\(result.errors) \(gateway.logText)")
        #expect(Tool.wait(60) { hop.messages.count == 3 })
        #expect(!gateway.logText.contains("delivery suspended"))
        await hop.close()
    }
}
