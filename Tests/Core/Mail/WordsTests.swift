import Mail
import Testing

/// Replies, addresses, scores, policies, manifests.
@Suite struct WordsTests {
    @Test func aReplysCodesCannotDisagree() {
        #expect(Reply(.refused, "No").description == "550 5.7.1 No")
        #expect(Reply(ReplyStatus(450, 7, 1), "a", "b").description == "450 4.7.1 a / b")
        #expect(Reply(.startMailInput, "Go").description == "354 Go")
        #expect(ReplyStatus(99, 1, 1).code == 200 && ReplyStatus(1000, 1, 1).enhanced == "5.1.1" && ReplyStatus(bare: -1).code == 200)
        for (status, positive, transient, permanent) in [
            (ReplyStatus.ok, true, false, false), (.startMailInput, true, false, false), (.notNow, false, true, false),
            (.insufficientStorage, false, true, false), (.refused, false, false, true), (.badParameter, false, false, true),
        ] {
            let reply = Reply(status, "x")
            #expect([reply.isPositive, reply.isTransient, reply.isPermanent] == [positive, transient, permanent])
        }
    }

    @Test func addresses() {
        #expect(EmailAddress(unchecked: "\"a@b\"@Example.ORG").map { [$0.localPart, $0.domain] } == ["\"a@b\"", "example.org"])
        for text in ["", "a", "@", "a@", "@b"] { #expect(EmailAddress(unchecked: text) == nil) }
        #expect(EmailAddress(localPart: "A", domain: "B.c").key == "a@b.c")
        #expect(ReversePath(unchecked: "") == .null && ReversePath(unchecked: "nonsense") == nil)
        #expect(ReversePath(unchecked: "a@b")?.description == "a@b")
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (-0.001, "0"), (5, "5"), (0.1 + 0.2, "0.3"), (-1.239, "-1.24"), (1e20, "1e+20"), (.infinity, "inf"),
        (.nan, "nan"),
    ]) func scores(_ score: Double, _ text: String) { #expect(scoreText(score) == text) }

    @Test func declarationOfASymbol() {
        func declared(_ name: String) -> FilterManifest.DeclaredSymbol { .init(name: name, defaultScore: 0, description: "") }
        let manifest = FilterManifest(
            id: "x", version: "", vendor: "", licence: "", summary: "", phases: [],
            symbols: ["RBL_*", "RBL_ZEN_*", "RBL_ZEN", "ONE"].map(declared),
            schema: .null, rights: [], requires: [], optional: [], execution: .nonblocking, concurrency: .parallel, scope: .message,
            homes: [], recommendedHome: .host)
        for (symbol, expected) in [
            ("RBL_ZEN", "RBL_ZEN"), ("RBL_ZEN_PBL", "RBL_ZEN_*"), ("RBL_OTHER", "RBL_*"), ("RBL_", "RBL_*"), ("ONE", "ONE"),
        ] { #expect(manifest.declaration(of: symbol)?.name == expected) }
        for symbol in ["", "RBL", "ONE_MORE", "TWO", "rbl_zen"] { #expect(manifest.declaration(of: symbol) == nil) }
    }

    @Test func thresholdsAreOverriddenOneByOne() {
        let merged = Thresholds(tag: 1, quarantine: 2).overridden(by: Thresholds(quarantine: 3, reject: 4))
        #expect(merged == Thresholds(tag: 1, quarantine: 3, reject: 4))
    }

    @Test func phases() {
        for phase in Phase.allCases { #expect(Phase(phase.description) == phase) }
        #expect(Phase("Data") == nil && Phase.mail.isEdge && !Phase.rcpt.isEdge && Phase.connect < .outcome)
    }

    @Test func nextHopText() {
        #expect(NextHop(host: "mail.example").description == "mail.example:25")
        #expect(NextHop(host: "2001:db8::1", port: 2525).description == "[2001:db8::1]:2525")
    }
}
