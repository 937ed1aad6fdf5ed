import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import Receive

/// Real certificates, real handshakes: the other side is the `openssl` command.
@Suite struct ServerTLSTests {
    private func policy(_ certificates: TestCertificate...) -> ServerTLSPolicy {
        ServerTLSPolicy(certificates: certificates.map { .init(certificate: $0.certificateFile, key: $0.keyFile) })
    }

    /// Sends a line, unless it is empty, and reads the whole reply, which must be positive.
    private func command(_ line: String, _ client: SocketTransport) async throws {
        if !line.isEmpty { try await client.send(Array((line + "\r\n").utf8)) }
        while true {
            let reply = try #require(try await client.receiveLine())
            try #require(reply.hasPrefix("2"), "\(line): \(reply)")
            if !reply.dropFirst(3).hasPrefix("-") { return }
        }
    }

    @Test func eachHostGetsItsCertificate() async throws {
        let first = try TestCertificate(names: ["DNS:mx.example.com"])
        let second = try TestCertificate(names: ["DNS:*.example.net", "DNS:example.net"])
        let third = try TestCertificate(names: ["DNS:mx.example.org"], kind: .rsa)
        defer { for certificate in [first, second, third] { certificate.remove() } }
        let server = try await ReceiveTestServer(tls: try ServerTLS(policy(first, second, third)))
        for version in ["-tls1_2", "-tls1_3"] {
            for (host, names) in [
                ("mx.example.com", "DNS:mx.example.com"), ("a.example.net", "DNS:*.example.net"), ("EXAMPLE.net", "DNS:*.example.net"),
                ("mx.example.org", "DNS:mx.example.org"), ("a.b.example.net", "DNS:mx.example.com"),
                ("unknown.example", "DNS:mx.example.com"),
                (nil, "DNS:mx.example.com"),
            ] {
                let seen = try OpenSSLClient.handshake(port: server.port, name: host, [version])
                #expect(seen.certificate?.contains(names) == true, "\(host ?? "no name"): \(seen.output)")
            }
        }
        await server.server.stop()
    }

    @Test func aRenewedCertificateIsServedToTheNextSession() async throws {
        let (shown, renewed) = (try TestCertificate(names: ["DNS:old.example"]), try TestCertificate(names: ["DNS:new.example"]))
        defer { shown.remove(); renewed.remove() }
        let tls = try ServerTLS(policy(shown))
        let server = try await ReceiveTestServer(tls: tls)
        func name() throws -> String? { try OpenSSLClient.handshake(port: server.port).certificate }
        #expect(try name()?.contains("old.example") == true)
        #expect(tls.reload().isNothing)

        // A session under way keeps what it has.
        let busy = try await server.connect()
        try await command("", busy)
        try await command("EHLO client.example", busy)
        try await command("STARTTLS", busy)
        try await busy.startTLS()
        try await command("EHLO client.example", busy)

        // The certificate first: for a moment the pair does not fit.
        try shown.replace(from: renewed, certificate: true, key: false)
        let half = tls.reload()
        #expect(half.renewed == [] && half.refused.count == 1)
        #expect(
            half.refused.first?.contains("do not fit together") == true
                && half.refused.first?.contains("the old one stays in force") == true)
        // Told once, known on.
        #expect(tls.reload().isNothing && tls.problems.map(\.text) == half.refused)
        #expect(try name()?.contains("old.example") == true)
        try shown.replace(from: renewed, certificate: false, key: true)
        #expect(tls.reload() == ServerTLS.Reload(renewed: [shown.certificateFile]))
        #expect(tls.problems.isEmpty && tls.certificates.first?.names == ["new.example"])
        #expect(try name()?.contains("new.example") == true)
        try await command("NOOP", busy)
        try await command("QUIT", busy)
        await server.server.stop()
    }

    @Test func badFilesLeaveTheOldInForce() async throws {
        let (bad, good) = (try TestCertificate(names: ["DNS:bad.example"]), try TestCertificate(names: ["DNS:good.example"]))
        let (next, broken) = (try TestCertificate(names: ["DNS:next.example"]), try TestCertificate(names: ["DNS:x.example"]))
        defer { for certificate in [bad, good, next, broken] { certificate.remove() } }
        let tls = try ServerTLS(policy(bad, good))
        let server = try await ReceiveTestServer(tls: tls)
        let whole = try String(contentsOfFile: broken.certificateFile, encoding: .utf8)
        for text in ["", "nothing of the kind\n", String(whole.prefix(whole.utf8.count / 2)), whole + whole.prefix(200)] {
            try text.write(toFile: bad.certificateFile, atomically: false, encoding: .utf8)
            let found = tls.reload()
            #expect(found.renewed == [] && found.refused.count == 1, "\(text.count): \(found)")
            #expect(found.refused.first?.contains(bad.certificateFile) == true)
        }
        try FileManager.default.removeItem(atPath: bad.certificateFile)
        #expect(tls.reload().refused.first?.contains("No such file or directory") == true)
        // Its neighbour is renewed all the same.
        try good.replace(from: next, certificate: true, key: true)
        #expect(tls.reload().renewed == [good.certificateFile])
        #expect(try OpenSSLClient.handshake(port: server.port, name: "bad.example").certificate?.contains("bad.example") == true)
        #expect(try OpenSSLClient.handshake(port: server.port, name: "next.example").certificate?.contains("next.example") == true)
        await server.server.stop()
    }

    /// As certbot does it: the name is a link, and it is turned to another file.
    @Test func aTurnedLinkIsSeen() throws {
        let (first, second) = (try TestCertificate(names: ["DNS:first.example"]), try TestCertificate(names: ["DNS:second.example"]))
        let live = NSTemporaryDirectory() + "postern-live-\(UUID().uuidString)"
        defer {
            first.remove()
            second.remove()
            try? FileManager.default.removeItem(atPath: live)
        }
        try FileManager.default.createSymbolicLink(atPath: live, withDestinationPath: first.folder)
        let tls = try ServerTLS(certificate: live + "/certificate.pem", key: live + "/key.pem")
        #expect(tls.certificates.map(\.names) == [["first.example"]])
        try FileManager.default.removeItem(atPath: live)
        try FileManager.default.createSymbolicLink(atPath: live, withDestinationPath: second.folder)
        #expect(tls.reload().renewed.count == 1)
        #expect(tls.certificates.map(\.names) == [["second.example"]])
        let end = try #require(tls.certificates.first?.notAfter)
        #expect(end.seconds > Int64(Date().timeIntervalSince1970) + 86_400)
    }

    @Test func versionsAreHeld() async throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example.com"])
        defer { certificate.remove() }
        var policy = policy(certificate)
        // What this openssl speaks at all is asked of a server that takes everything.
        policy.least = .tls10
        let lax = try await ReceiveTestServer(tls: try ServerTLS(policy))
        policy.least = .tls12
        let preset = try await ReceiveTestServer(tls: try ServerTLS(policy))
        policy.least = .tls13
        let strict = try await ReceiveTestServer(tls: try ServerTLS(policy))
        policy.least = .tls12
        policy.most = .tls12
        let old = try await ReceiveTestServer(tls: try ServerTLS(policy))
        func isTaken(_ server: ReceiveTestServer, _ version: String) throws -> Bool {
            try OpenSSLClient.handshake(port: server.port, [version, "-cipher", "ALL:@SECLEVEL=0"]).isComplete
        }
        for (version, expected) in [
            ("-tls1_1", [true, false, false, false]), ("-tls1_2", [true, true, false, true]), ("-tls1_3", [true, true, true, false]),
        ] {
            let taken = try [lax, preset, strict, old].map { try isTaken($0, version) }
            #expect(taken == expected, "\(version)")
        }
        for server in [lax, preset, strict, old] { await server.server.stop() }
    }

    @Test func ciphersAreHeld() async throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example.com"], kind: .rsa)
        defer { certificate.remove() }
        var policy = policy(certificate)
        let preset = try await ReceiveTestServer(tls: try ServerTLS(policy))
        policy.suites = [.ecdheRSAWithChaCha20]
        let narrow = try await ReceiveTestServer(tls: try ServerTLS(policy))
        func cipher(_ server: ReceiveTestServer, _ offered: String) throws -> String? {
            try OpenSSLClient.handshake(port: server.port, ["-tls1_2", "-cipher", offered + ":@SECLEVEL=0"]).cipher
        }
        #expect(try cipher(preset, "ALL")?.hasPrefix("ECDHE-RSA-") == true)
        #expect(try cipher(preset, "AES128-GCM-SHA256") == nil, "no forward secrecy")
        #expect(try cipher(preset, "ECDHE-RSA-AES128-SHA") == "ECDHE-RSA-AES128-SHA")
        #expect(try cipher(narrow, "ALL") == "ECDHE-RSA-CHACHA20-POLY1305")
        #expect(try cipher(narrow, "ECDHE-RSA-AES128-GCM-SHA256") == nil)
        for server in [preset, narrow] { await server.server.stop() }
    }

    /// The library ends the process when it is given no cipher that it knows, so each of ours must be one.
    @Test func theLibraryKnowsEverySuite() async throws {
        let certificates = (try TestCertificate(names: ["DNS:a.example"], kind: .rsa), try TestCertificate(names: ["DNS:b.example"]))
        defer { certificates.0.remove(); certificates.1.remove() }
        for suite in CipherSuite.allCases {
            let isECDSA = suite.rawValue.contains("ECDSA")
            var policy = policy(isECDSA ? certificates.1 : certificates.0)
            policy.suites = [suite]
            let server = try await ReceiveTestServer(tls: try ServerTLS(policy))
            let seen = try OpenSSLClient.handshake(port: server.port, ["-tls1_2", "-cipher", "ALL:@SECLEVEL=0"])
            #expect(seen.cipher == suite.rawValue, "\(seen.output)")
            await server.server.stop()
        }
    }
}
