import Foundation
import GatewayTestKit
import Testing

/// Certificates of the running gateway: renewed, broken, about to expire.
@Suite(.serialized) struct CertificateTests {
    private func gateway(_ certificate: TestCertificate) throws -> GatewayUnderTest {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.write(
            "postern.yaml",
            """
            hostname: mx.gateway.example
            tls: {certificate: \(certificate.certificateFile), key: \(certificate.keyFile)}
            listen: [{address: 127.0.0.1, port: \(gateway.port), tls: true}]
            data: \(gateway.data)
            control: \(gateway.control)
            dns: {file: zone.json}

            """)
        return gateway
    }

    private func isShown(_ name: String, _ gateway: GatewayUnderTest) throws -> Bool {
        try OpenSSLClient.handshake(port: gateway.port).certificate?.contains(name) == true
    }

    @Test(.enabled(if: Tool.isStaged)) func aRenewedCertificateIsTakenByItself() throws {
        let (shown, renewed) = (
            try TestCertificate(names: ["DNS:old.example"], days: 60), try TestCertificate(names: ["DNS:new.example"], days: 60)
        )
        defer { shown.remove(); renewed.remove() }
        let gateway = try gateway(shown)
        try gateway.start()
        defer { gateway.stop() }
        #expect(try isShown("old.example", gateway))
        try shown.replace(from: renewed)
        #expect(try Tool.wait { try isShown("new.example", gateway) })
        // Nothing needs a restart, nothing is wrong.
        let reload = try gateway.command("reload")
        #expect(reload.status == 0 && !reload.output.contains("warning"), "\(reload.output)")
    }

    @Test(.enabled(if: Tool.isStaged)) func aBadCertificateLeavesTheOldOneInForce() throws {
        let shown = try TestCertificate(names: ["DNS:old.example"], days: 60)
        let other = try TestCertificate(names: ["DNS:new.example"], days: 60)
        defer { shown.remove(); other.remove() }
        let gateway = try gateway(shown)
        #expect(try Tool.run([Tool.postern, "check", "--config", gateway.configuration]).status == 0)
        try gateway.start()
        defer { gateway.stop() }
        // The certificate without its key.
        try shown.replace(from: other, certificate: true, key: false)
        for _ in 0..<2 {
            let reload = try gateway.command("reload")
            #expect(reload.status == 0)
            #expect(
                reload.output.contains("postern.yaml:2:20: ") && reload.output.contains("the old one stays in force"), "\(reload.output)")
        }
        #expect(try isShown("old.example", gateway))
        let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
        #expect(check.status == 1 && check.output.contains("postern.yaml:2:20: error: "), "\(check.output)")
        #expect(check.output.contains("do not fit together"))
        try shown.replace(from: other, certificate: false, key: true)
        let reload = try gateway.command("reload")
        #expect(reload.status == 0 && !reload.output.contains("warning"), "\(reload.output)")
        #expect(try isShown("new.example", gateway))
    }

    @Test(.enabled(if: Tool.isStaged)) func whatExpiresSoonIsSaid() throws {
        let shown = try TestCertificate(names: ["DNS:old.example"], days: 3)
        defer { shown.remove() }
        let gateway = try gateway(shown)
        let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
        #expect(check.status == 0 && check.output.contains("postern.yaml:2:20: warning: certificate \(shown.certificateFile) expires on "))
        try gateway.start()
        defer { gateway.stop() }
        #expect(gateway.logText.contains("expires on "))
        #expect(try gateway.command("reload").output.contains("expires on "))
    }

    /// A next hop's handshake is not where a key is found to be another certificate's.
    @Test(.enabled(if: Tool.isStaged)) func aClientCertificateWithAnothersKeyIsRefusedAtOnce() throws {
        let (shown, other) = (try TestCertificate(names: ["DNS:old.example"]), try TestCertificate(names: ["DNS:new.example"]))
        defer { shown.remove(); other.remove() }
        let gateway = try gateway(shown)
        func domain(key: String) -> String {
            "domain: client.example\nrecipients: any\ndeliver_to: [{host: 127.0.0.1, tls: require, client_certificate: {certificate: "
                + "\(shown.certificateFile), key: \(key)}}]\n"
        }
        try gateway.write("domains/client.example.yaml", domain(key: shown.keyFile))
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.command("reload").status == 0)
        try gateway.write("domains/client.example.yaml", domain(key: other.keyFile))
        let reload = try gateway.command("reload")
        let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
        for said in [reload, check] {
            let text = said.output + said.errors
            #expect(
                said.status == 1 && text.contains("domains/client.example.yaml:3:80: ") && text.contains("do not fit together"), "\(text)")
        }
    }

    /// New settings for listeners wait for a restart, but a restart must find them good.
    @Test(.enabled(if: Tool.isStaged)) func newSettingsWithABadPairAreRefused() throws {
        let (shown, other) = (try TestCertificate(names: ["DNS:old.example"]), try TestCertificate(names: ["DNS:new.example"]))
        defer { shown.remove(); other.remove() }
        let gateway = try gateway(shown)
        try gateway.start()
        defer { gateway.stop() }
        let text = try String(contentsOfFile: gateway.configuration + "/postern.yaml", encoding: .utf8)
        try gateway.write("postern.yaml", text.replacingOccurrences(of: shown.keyFile, with: other.keyFile))
        let refused = try gateway.command("reload")
        #expect(refused.status == 1 && (refused.output + refused.errors).contains("do not fit together"), "\(refused.errors)")
        try gateway.write("postern.yaml", text)
        #expect(try gateway.command("reload").status == 0)
    }
}
