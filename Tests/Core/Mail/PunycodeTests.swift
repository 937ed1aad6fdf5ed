import Testing

@testable import Mail

/// Internationalised names. Samples are those of RFC 3492 section 7.1.
struct PunycodeTests {
    @Test(arguments: [
        ("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"),
        ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
        ("ihqwctvzc91f659drss3x8bo0yb", "他們爲什麽不說中文"),
        ("Proprostnemluvesky-uyb24dma41a", "Pročprostěnemluvíčesky"),
        ("4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"),
        ("b1abfaaepdrnnbgefbadotcwatmq2g4l", "почемужеонинеговорятпорусски"),
        ("TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g", "TạisaohọkhôngthểchỉnóitiếngViệt"),
        ("3B-ww4c5e180e575a65lsy2b", "3年B組金八先生"),
        ("-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n", "安室奈美恵-with-SUPER-MONKEYS"),
        ("de-jg4avhby1noc0d", "パフィーdeルンバ"),
        ("bcher-kva", "bücher"), ("ls8h", "💩"),
    ])
    func decodes(_ row: (String, String)) {
        #expect(Punycode.decode(Substring(row.0).utf8) == row.1)
        #expect(Punycode.asciiName(of: "mail.\(row.1)") == "mail.xn--\(row.0.lowercased())")
    }

    @Test func namesForTheDNS() {
        #expect(Punycode.asciiName(of: "Mail.Example") == "mail.example")
        #expect(Punycode.asciiName(of: "") == "")
        #expect(Punycode.asciiName(of: String(repeating: "é", count: 64) + ".example") == nil)
        #expect(Punycode.asciiName(of: String(repeating: "a", count: 64) + ".example") == nil)
        #expect(Punycode.asciiName(of: String(repeating: "bücher.", count: 30)) == nil)
        #expect(Punycode.asciiName(of: String(repeating: "\u{10FFFF}\u{80}", count: 31)) == nil)
    }

    @Test(arguments: [
        "", "-", "abc-", "bcher-kv", "bcher-kva!", "bücher", "99999999", "a-zzzzzzzzz9",
        String(repeating: "9", count: 59), String(repeating: "a", count: 60), "\u{0}",
    ])
    func refuses(_ text: String) { #expect(Punycode.decode(Substring(text).utf8) == nil) }

    @Test func wholeNames() {
        #expect(Punycode.unicodeName(of: "mail.XN--Bcher-KVA.example") == "mail.bücher.example")
        #expect(Punycode.unicodeName(of: "mail.example") == nil)
        #expect(Punycode.unicodeName(of: "xn--.example") == nil)
        #expect(Punycode.unicodeName(of: "xn--a-.xn--bcher-kva.example") == nil)
        #expect(Punycode.unicodeName(of: String(repeating: "xn--bcher-kva.", count: 80)) == nil)
    }

    @Test func aDomainIsFoundInEverySpelling() {
        var policy = DomainPolicy(domain: "xn--bcher-kva.example")
        policy.aliases = ["xn--bro-hoa.xn--bcher-kva.example"]
        let snapshot = PolicySnapshot(generation: 1, hostname: "mx.example", domains: [policy])
        for name in [
            "xn--bcher-kva.example", "bücher.example", "bu\u{308}cher.example", "büro.bücher.example", "xn--bro-hoa.bücher.example",
            EmailAddress(localPart: "a", domain: "BÜCHER.Example").domain,
        ] {
            #expect(snapshot.policy(of: name)?.domain == "xn--bcher-kva.example", "\(name)")
        }
        for name in ["bucher.example", "xn--bcher-kvb.example", "bücher.example.org", "é.xn--99999999.example"] {
            #expect(snapshot.policy(of: name) == nil, "\(name)")
        }
    }
}
