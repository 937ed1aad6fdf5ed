import Mail
import Testing

struct DomainPolicyTests {
    private func names(_ localPart: String, separator: String? = "+") -> [String] {
        var policy = DomainPolicy(domain: "example.org")
        policy.addressExtension = separator
        return policy.lookupNames(of: EmailAddress(localPart: localPart, domain: "example.org"))
    }

    @Test func extensions() {
        #expect(names("User+Tag") == ["user+tag", "user"])
        #expect(names("user+a+b") == ["user+a+b", "user"])
        #expect(names("user") == ["user"])
        #expect(names("+tag") == ["+tag"])
        #expect(names("user+") == ["user+", "user"])
        #expect(names("user+tag", separator: nil) == ["user+tag"])
        #expect(names("user-tag", separator: "-") == ["user-tag", "user"])
        #expect(names("\"user+tag\"") == ["user+tag", "user"])
        #expect(names("\"a\\\"b\"") == ["\"a\\\"b\""])
        #expect(names("\"\"") == ["\"\""])
    }

    @Test func alwaysAccepted() {
        for name in ["postmaster", "Abuse", "\"postmaster\""] {
            #expect(EmailAddress(localPart: name, domain: "example.org").isAlwaysAccepted, "\(name)")
        }
        #expect(!EmailAddress(localPart: "abuser", domain: "example.org").isAlwaysAccepted)
    }

    @Test func mailboxesUnderEveryNameAndExtension() {
        var policy = DomainPolicy(domain: "example.org")
        policy.aliases = ["alias.example"]
        var strict = MailboxPolicy()
        strict.thresholds.quarantine = 3
        policy.mailboxes = ["ceo@example.org": strict]
        for address in ["ceo@example.org", "CEO+x@alias.example"] {
            #expect(policy.thresholds(for: EmailAddress(unchecked: address)!).quarantine == 3, "\(address)")
        }
        #expect(policy.thresholds(for: EmailAddress(unchecked: "cto@example.org")!).quarantine == 7)
        // Outbound, the recipient is not whose settings count.
        policy.outbound = OutboundPolicy()
        policy.outbound!.thresholds = Thresholds(quarantine: 9)
        #expect(policy.thresholds(for: EmailAddress(unchecked: "ceo@example.org")!, role: .outbound).quarantine == 9)
    }
}
