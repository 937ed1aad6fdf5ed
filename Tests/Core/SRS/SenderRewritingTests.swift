import Mail
import SRS
import Testing

/// Rewritten reverse-paths: there and back, and what is not ours.
struct SenderRewritingTests {
    private let srs = SenderRewriting(secrets: [Array("a secret of the first gateway".utf8)])
    private let other = SenderRewriting(secrets: [Array("a secret of another gateway!".utf8)])
    private let now = Timestamp(rfc3339: "2026-11-22T00:00:00Z")!
    private let anna = EmailAddress(localPart: "anna", domain: "else.example")

    private func address(_ text: String) -> EmailAddress { EmailAddress(unchecked: text)! }

    @Test func `golden addresses`() {
        #expect(srs.rewritten(anna, at: "our.example", on: now)?.description == "SRS0=NR2JW5=JL=else.example=anna@our.example")
        #expect(
            srs.rewritten(address("SRS0=abc=de=x.example=bob@there.example"), at: "our.example", on: now)?.description
                == "SRS1=XUHYQF=there.example==abc=de=x.example=bob@our.example")
        // However many are between, the first one stays the way back.
        #expect(
            other.rewritten(address("SRS1=abc=there.example==abc=de=x.example=bob@second.example"), at: "third.example", on: now)?
                .description
                == "SRS1=B56VKG=there.example==abc=de=x.example=bob@third.example")
    }

    @Test(arguments: [
        "anna@else.example", "a.b+c=d@x.example", "=@x.example", "A=b=c==d@x.example", "jürgen@bücher.example", "x@y",
        "SRS0@x.example", "srs0+aaaa=bb=c.example=d@e.example", "SRS1-aaaa=c.example=-h=t=d=l@e.example", "SRS1=short@e.example",
    ]) func `there and back, in any case`(_ text: String) throws {
        let sender = address(text)
        let rewritten = try #require(srs.rewritten(sender, at: "our.example", on: now))
        #expect(rewritten.localPart.utf8.count <= 64 && rewritten.domain == "our.example")
        guard case .genuine(let found) = srs.read(rewritten, on: now + .seconds(20 * 86_400)) else {
            Issue.record("\(rewritten) was not known")
            return
        }
        if !text.lowercased().hasPrefix("srs1") { #expect(found == sender || found.localPart.hasPrefix("SRS0")) }
        for cased in [rewritten.localPart.lowercased(), rewritten.localPart.uppercased()]
        where sender.localPart.utf8.allSatisfy({ $0 < 128 }) {
            guard case .genuine(let again) = srs.read(EmailAddress(localPart: cased, domain: "our.example"), on: now) else {
                Issue.record("\(cased) was not known")
                continue
            }
            #expect(again.key == found.key)
        }
        guard case .refused = other.read(rewritten, on: now) else {
            Issue.record("another secret made it")
            return
        }
    }

    @Test func `two servers, and the bounce goes back through both`() throws {
        let first = try #require(srs.rewritten(anna, at: "first.example", on: now))
        let second = try #require(other.rewritten(first, at: "second.example", on: now))
        #expect(second.localPart.hasPrefix("SRS1="))
        #expect(other.read(second, on: now) == .genuine(first))
        #expect(srs.read(first, on: now) == .genuine(anna))
    }

    @Test func `an old one, one of tomorrow, and one of the day after`() throws {
        let rewritten = try #require(srs.rewritten(anna, at: "our.example", on: now))
        #expect(srs.read(rewritten, on: now + .seconds(21 * 86_400)) == .genuine(anna))
        #expect(srs.read(rewritten, on: now + .seconds(22 * 86_400)) == .refused("22 days old"))
        #expect(srs.read(rewritten, on: now - .seconds(86_400)) == .genuine(anna))
        #expect(srs.read(rewritten, on: now - .seconds(2 * 86_400)) == .refused("1022 days old"))
    }

    @Test func `a new secret still reads what the old one wrote`() throws {
        let old = try #require(srs.rewritten(anna, at: "our.example", on: now))
        let both = SenderRewriting(secrets: [Array("a brand new secret, longer".utf8), Array("a secret of the first gateway".utf8)])
        #expect(both.read(old, on: now) == .genuine(anna))
        #expect(try both.read(#require(both.rewritten(anna, at: "our.example", on: now)), on: now) == .genuine(anna))
        #expect(both.rewritten(anna, at: "our.example", on: now) != old)
    }

    @Test func `what cannot be rewritten stays`() {
        for text in ["\"a b\"@x.example", "anna@[192.0.2.1]", String(repeating: "a", count: 50) + "@x.example"] {
            #expect(srs.rewritten(address(text), at: "our.example", on: now) == nil)
        }
        #expect(SenderRewriting(secrets: []).rewritten(anna, at: "our.example", on: now) == nil)
    }

    @Test func `forged and malformed ones`() throws {
        for local in ["anna", "srs", "SRS0", "SRS", "SRS2=a=b=c=d", "SRS0x=a=b=c=d", "", "srs0anna"] {
            #expect(srs.read(EmailAddress(localPart: local, domain: "our.example"), on: now) == .other, "\(local)")
        }
        for local in [
            "SRS0=", "SRS0==", "SRS0====", "SRS0=a=b=c", "SRS0=AAAAAA=FV=victim.example=x", "SRS0==FV=victim.example=x", "SRS0=a=b==d",
            "SRS1=", "SRS1=a", "SRS1=a=b", "SRS1=a=b=", "SRS1=AAAAAA=victim.example==h=t=d=l", "SRS0=AAAAAAA=FV=v=x", "SRS0=ÄÄÄ=FV=v=x",
            "SRS0=" + String(repeating: "=", count: 60), "SRS1=\u{0}=\u{0}=\u{0}",
        ] {
            guard case .refused = srs.read(EmailAddress(localPart: local, domain: "our.example"), on: now) else {
                Issue.record("\(local) was taken")
                continue
            }
        }
        // Each part is covered by the hash.
        let local = try #require(srs.rewritten(anna, at: "our.example", on: now)).localPart
        for (i, character) in local.enumerated() where i > 4 {
            var changed = Array(local)
            changed[i] = character == "x" ? "y" : "x"
            if String(changed).lowercased() == local.lowercased() { continue }
            if case .genuine = srs.read(EmailAddress(localPart: String(changed), domain: "our.example"), on: now) {
                Issue.record("\(String(changed)) was taken")
            }
        }
    }

    /// What a sender makes us sign as the one kind is never genuine as the other: no address of its choice, no day of its choice.
    @Test func `kinds are not mistaken for each other`() throws {
        for local in ["SRS1=x=AA=our.example=ceo", "SRS1=x=AA==our.example=ceo", "SRS0=x=AA=our.example=ceo"] {
            let signed = try #require(srs.rewritten(EmailAddress(localPart: local, domain: "evil.example"), at: "our.example", on: now))
            for (from, to) in [("SRS1", "SRS0"), ("SRS0", "SRS1")] where signed.localPart.hasPrefix(from) {
                let forged = EmailAddress(localPart: to + signed.localPart.dropFirst(4), domain: "our.example")
                if case .genuine(let address) = srs.read(forged, on: now) { Issue.record("\(forged) is read as \(address)") }
            }
        }
    }
}
