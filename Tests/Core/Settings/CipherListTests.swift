import Mail
import Testing

@testable import Settings

@Suite struct CipherListTests {
    @Test(arguments: [
        ("ECDHE-RSA-AES128-GCM-SHA256", ["ECDHE-RSA-AES128-GCM-SHA256"]),
        ("ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256", ["ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-GCM-SHA256"]),
        (
            "ECDHE+AESGCM:!aECDSA", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]
        ),
        ("AESGCM+RSA", ["AES128-GCM-SHA256", "AES256-GCM-SHA384"]),
        // What is banned never comes back, what is taken away may.
        ("!AES256:RSA+AESGCM", ["AES128-GCM-SHA256"]),
        ("RSA+AESGCM:-AES256:AES256-GCM-SHA384", ["AES128-GCM-SHA256", "AES256-GCM-SHA384"]),
        // `+` before an entry moves it to the end.
        ("RSA+AESGCM:+AES128", ["AES256-GCM-SHA384", "AES128-GCM-SHA256"]),
        ("CHACHA20:!aNULL:!MD5", ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"]),
        ("CHACHA20,CHACHA20 CHACHA20", ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"]),
    ]) func reads(_ text: String, _ names: [String]) throws {
        #expect(try CipherList.parse(text).map(\.rawValue) == names)
    }

    @Test(arguments: [
        "", ":", "aNULL", "!ALL", "ALL:!ALL", "ECDHE+RSA", "+", "!", "ecdhe", "ECDHE++AES", "TLS_AES_128_GCM_SHA256", "@STRENGTH",
        "DEFAULT",
    ])
    func refuses(_ text: String) { #expect(throws: CipherList.Problem.self) { try CipherList.parse(text) } }

    @Test func thePresetHasForwardSecrecy() throws {
        #expect(CipherSuite.preset == (try CipherList.parse("ECDHE")))
        #expect(CipherSuite.preset.count == 12 && CipherSuite.preset.prefix(6).allSatisfy(\.isAEAD))
    }
}
