import Mail
import Testing

@testable import Receive

@Suite struct CertificateNamesTests {
    private let names = CertificateNames([
        ["mx.example.com"], ["*.example.net", "example.net"], ["mx.example.com", "mail.example.net", "*.com"], ["*.b.example.net"],
    ])

    @Test(arguments: [
        (nil, 0), ("", 0), ("mx.example.com", 0), ("MX.Example.COM", 0), ("mx.example.com.", 0), ("example.net", 1), ("a.example.net", 1),
        // A name before a wildcard, a wildcard for one label only.
        ("mail.example.net", 2), ("a.b.example.net", 3), ("a.b.c.example.net", 0), ("other.example", 0), (".example.net", 0),
        ("*.example.net", 1),
        ("localhost", 0), (".", 0), ("..", 0), ("example.com", 2),
    ]) func picks(_ host: String?, _ index: Int) { #expect(names.index(for: host) == index, "\(host ?? "no name")") }
}

@Suite struct CertificateFactsTests {
    @Test func timesAreTold() {
        let day = Duration.seconds(86_400)
        let start = Timestamp(rfc3339: "2026-01-01T00:00:00Z")!
        let facts = CertificateFacts(
            files: .init(certificate: "cert.pem", key: "key.pem"), names: [], notBefore: start, notAfter: start + day * 90)
        #expect(facts.warning(at: start - day) == "certificate cert.pem is valid from 2026-01-01 only; check the clock, or renew it")
        #expect(facts.warning(at: start) == nil)
        #expect(facts.warning(at: start + day * 76) == nil)
        #expect(facts.warning(at: start + day * 76 + .seconds(1)) == "certificate cert.pem expires on 2026-04-01; renew it")
        #expect(facts.warning(at: start + day * 90) == "certificate cert.pem expires on 2026-04-01; renew it")
        #expect(facts.warning(at: start + day * 91) == "certificate cert.pem expired on 2026-04-01; renew it")
    }
}
