import DNSClient
import GatewayTestKit
import Mail
import NIOPosix
import Testing

@testable import HTTPClient

/// TLS: only a server whose certificate is trusted and names it.
struct FetchTLSTests {
    private static let zone = #"{"server.example": {"A": ["127.0.0.1"]}, "other.example": {"A": ["127.0.0.1"]}}"#

    private func fetcher(_ trusted: TestCertificate?) throws -> PooledFetcher {
        try PooledFetcher(
            group: MultiThreadedEventLoopGroup.singleton, resolver: try ScriptedResolver(text: Self.zone),
            trustRootsFile: trusted?.certificateFile)
    }

    @Test func `a certificate counts that is trusted and names the server`() async throws {
        let certificate = try TestCertificate(names: ["DNS:server.example", "DNS:*.wild.example"])
        defer { certificate.remove() }
        let server = try await PlainServer(group: MultiThreadedEventLoopGroup.singleton, tls: try certificate.serverContext()) { _ in
            [.answer("one"), .next, .answer("two")]
        }
        let fetcher = try fetcher(certificate)
        #expect(await fetcher.get("https://server.example:\(server.port)/").text == "one")
        #expect(await fetcher.get("https://server.example:\(server.port)/").text == "two")
        #expect(server.connections.load(ordering: .relaxed) == 1)
        let other = await fetcher.get("https://other.example:\(server.port)/")
        #expect(other.status == .failed && !other.detail.isEmpty && server.requests.count == 2, "\(other)")
        let untrusting = try self.fetcher(nil)
        let refused = await untrusting.get("https://server.example:\(server.port)/")
        #expect(refused.status == .failed && refused.detail.contains("TLS") && server.requests.count == 2, "\(refused)")
        try await server.close()
    }

    @Test func `a certificate for the address does not do for the name`() async throws {
        let certificate = try TestCertificate(names: ["IP:127.0.0.1"])
        defer { certificate.remove() }
        let server = try await PlainServer(group: MultiThreadedEventLoopGroup.singleton, tls: try certificate.serverContext()) { _ in
            [.answer("one")]
        }
        let fetcher = try fetcher(certificate)
        let named = await fetcher.get("https://server.example:\(server.port)/")
        #expect(named.status == .failed && named.detail.contains("does not name server.example"), "\(named)")
        #expect(await fetcher.get("https://127.0.0.1:\(server.port)/").text == "one")
        try await server.close()
    }

    @Test func `openssl's own server answers`() async throws {
        let certificate = try TestCertificate(names: ["DNS:server.example"], kind: .rsa)
        defer { certificate.remove() }
        let port = FreePort.take()
        let openssl = try ChildProcess(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificate.certificateFile, "-key", certificate.keyFile, "-www",
                "-quiet",
            ])
        defer { openssl.stop() }
        let fetcher = try fetcher(certificate)
        var answer = HTTPAnswer(.failed)
        for _ in 0..<200 {
            answer = await fetcher.get("https://server.example:\(port)/")
            if answer.status == .answered { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(answer.code == 200 && answer.text.contains("TLSv1.3"), "\(answer)")
    }

    @Test func `a server that speaks no TLS is a failure`() async throws {
        let server = try await PlainServer(group: MultiThreadedEventLoopGroup.singleton) { _ in [] }
        let fetcher = try fetcher(nil)
        let answer = await fetcher.get("https://server.example:\(server.port)/", timeout: .milliseconds(300))
        #expect(answer.status != .answered)
        try await server.close()
    }
}
