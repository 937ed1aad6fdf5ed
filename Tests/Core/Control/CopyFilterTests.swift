import Mail
import Testing

@testable import Control

/// Which copies a pattern means.
struct CopyFilterTests {
    @Test(arguments: [
        ("*@example.com", "a@EXAMPLE.com", true), ("*@example.com", "a@example.com.evil", false), ("*@example.com", "@example.com", true),
        ("a?c", "abc", true), ("a?c", "ac", false), ("", "", true), ("", "a", false), ("*", "", true), ("a*b*c", "aXbXbXc", true),
        ("a*b*c", "aXbXbX", false), ("**", "anything", true), ("[a]", "[a]", true), ("[a]", "a", false), ("ü*", "übung@x", true),
    ])
    func glob(_ row: (String, String, Bool)) { #expect(Glob(row.0).matches(row.1) == row.2, "\(row)") }

    @Test func `a hostile pattern takes no longer than the product of both`() {
        let pattern = String(repeating: "a*", count: 500) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 1000)))
    }

    @Test func `all that is set must be true, of one copy`() {
        let now = Timestamp(seconds: 1_800_000_000)
        var message = StoredMessage(
            queueID: QueueID(rawValue: 1), receivedAt: now - .seconds(100), reversePath: .null, is8BitMIME: false, isSMTPUTF8: false,
            sessionJSON: "{}", region: nil, size: 1,
            recipients: [("a", "one.example"), ("b", "two.example")].enumerated().map {
                StoredRecipient(
                    index: $0, address: EmailAddress(localPart: $1.0, domain: $1.1), policyDomain: "main.example",
                    state: $0 == 0 ? .queued : .quarantined, addedHeaders: "", reason: "451 Greylisted", nextAttempt: now)
            })
        func indices(_ filter: CopyFilter, _ states: Set<RecipientState> = [.queued, .quarantined]) -> [Int] {
            filter.indices(of: message, in: states, now: now).sorted()
        }
        #expect(indices(CopyFilter()) == [0, 1])
        #expect(indices(CopyFilter(), [.quarantined]) == [1])
        #expect(indices(CopyFilter(domain: "one.*")) == [0])
        #expect(indices(CopyFilter(domain: "main.example")) == [0, 1])
        #expect(indices(CopyFilter(to: "b@*")) == [1])
        #expect(indices(CopyFilter(domain: "one.example", to: "b@*")) == [])
        #expect(indices(CopyFilter(from: "<>", reason: "greylist")) == [0, 1])
        #expect(indices(CopyFilter(from: "*@*")) == [])
        #expect(indices(CopyFilter(olderThan: .seconds(99))) == [0, 1])
        #expect(indices(CopyFilter(olderThan: .seconds(100))) == [])
        message.recipients[1].reversePath = .address(EmailAddress(localPart: "srs", domain: "gateway.example"))
        #expect(indices(CopyFilter(from: "srs@*")) == [1])
    }
}
