import Decide
import Mail
import Testing

/// The precedence of proposals, failures and thresholds, for one recipient.
@Suite struct DecisionRuleTests {
    private func verdict(
        _ filter: String = "f", _ result: FilterResult = .done, _ symbols: [Symbol] = [], _ proposals: [ProposedAction] = [],
        onFailure: FailureAction? = nil, isRequired: Bool = false
    ) -> Verdict {
        var verdict = Verdict(filter: filter, phase: .data, result: result)
        verdict.symbols = symbols
        verdict.proposals = proposals.map { Proposal($0) }
        verdict.onFailure = onFailure
        verdict.isRequired = isRequired
        return verdict
    }

    private func decide(
        _ verdicts: [Verdict], scores: [String: Double] = [:], _ thresholds: Thresholds = Thresholds(), recipient: Int? = 0
    ) -> Decision { DecisionRule(scores: scores, thresholds: thresholds)(recipient: recipient, verdicts: verdicts) }

    private static let all: [(ProposedAction, Disposition)] = [
        (.quarantine(reason: "q"), .quarantine), (.defer(Reply(.notNow, "later")), .defer), (.discard(reason: "d"), .discard),
        (.reject(Reply(.refused, "no")), .reject),
    ]

    @Test func theMostSevereProposalWinsInAnyOrder() {
        for (i, lesser) in Self.all.enumerated() {
            for greater in Self.all[i...] {
                #expect(decide([verdict("a", .done, [], [lesser.0]), verdict("b", .done, [], [greater.0])]).disposition == greater.1)
                #expect(decide([verdict("a", .done, [], [greater.0]), verdict("b", .done, [], [lesser.0])]).disposition == greater.1)
            }
        }
    }

    @Test func amongEqualsTheFirstGivesReasonAndReply() {
        let decision = decide([
            verdict("a", .done, [], [.reject(Reply(.refused, "first"))]), verdict("b", .done, [], [.reject(Reply(.refused, "second"))]),
        ])
        #expect(decision.reply == Reply(.refused, "first"))
        #expect(decision.reason == "a proposed reject: 550 5.7.1 first")
    }

    @Test(arguments: [
        (4.99, Disposition.accept, ""), (5, .tag, ""), (6.99, .tag, ""), (7, .quarantine, ""), (9, .defer, "451"), (11, .discard, ""),
        (13, .reject, "550"), (2000, .reject, "550"), (-2000, .accept, ""),
    ]) func thresholds(_ score: Double, _ expected: Disposition, _ code: String) {
        let decision = decide(
            [verdict("f", .done, [Symbol(name: "S", defaultScore: score)])],
            Thresholds(tag: 5, quarantine: 7, defer: 9, discard: 11, reject: 13))
        #expect(decision.disposition == expected)
        #expect((decision.reply.map { "\($0.code)" } ?? "") == code)
    }

    @Test func thresholdsOfNilNeverAct() {
        #expect(decide([verdict("f", .done, [Symbol(name: "S", defaultScore: 999)])]).disposition == .accept)
    }

    @Test func aReplyBelongsToTheDispositionThatWon() {
        // Discard above defer: nobody is told "later".
        let decision = decide([verdict("f", .done, [], [.defer(Reply(.notNow, "later")), .discard(reason: "spam")])])
        #expect(decision.disposition == .discard && decision.reply == nil)
    }

    @Test(arguments: [
        (FailureAction.skip, false, Disposition.accept), (.skip, true, .defer), (.defer, false, .defer), (.quarantine, false, .quarantine),
        (.quarantine, true, .quarantine), (.reject, false, .reject),
    ]) func failures(_ action: FailureAction, _ isRequired: Bool, _ expected: Disposition) {
        for result in [FilterResult.error, .timeout, .crash] {
            let decision = decide([verdict("f", result, onFailure: action, isRequired: isRequired)])
            #expect(decision.disposition == expected)
            if expected != .accept { #expect(decision.reason.hasPrefix("f ended in \(result)")) }
        }
    }

    @Test func aShadowCountsForNothing() {
        var shadow = verdict(
            "f", .timeout, [Symbol(name: "BAD", defaultScore: 50)],
            [.reject(Reply(.refused, "no")), .addHeader(name: "X-Found", value: "1")], onFailure: .reject)
        shadow.isShadow = true
        let decision = decide([shadow], Thresholds(tag: 1))
        #expect(decision.disposition == .accept && decision.score == 0 && decision.contributions.isEmpty && decision.headers.isEmpty)
        shadow.isShadow = false
        #expect(decide([shadow], Thresholds(tag: 1)).disposition == .reject)
    }

    @Test func requiredIsDeferredHoweverGoodTheScore() {
        let decision = decide(
            [verdict("a", .done, [Symbol(name: "GOOD", defaultScore: -50)]), verdict("b", .timeout, onFailure: .skip, isRequired: true)],
            Thresholds(quarantine: 7))
        #expect(decision.disposition == .defer)
    }

    @Test func cancelledCountsForNothing() {
        let decision = decide([verdict("f", .cancelled, [Symbol(name: "S", defaultScore: 9)], [.reject(Reply(.refused, "no"))])])
        #expect(decision.disposition == .accept && decision.score == 0 && decision.contributions.isEmpty)
    }

    @Test(arguments: [
        (1.0, 2.0, 2.0), (.infinity, 2, 0), (-.infinity, 2, 0), (.nan, 2, 0), (1e300, 1e300, 0), (1e9, 2, 1000), (-1e9, 2, -1000),
        (.infinity, 0, 0), (0.5, 3, 1.5),
    ]) func factors(_ factor: Double, _ weight: Double, _ expected: Double) {
        let decision = decide([verdict("f", .done, [Symbol(name: "S", factor: factor, defaultScore: weight)])], Thresholds(tag: 0.1))
        #expect(decision.score == expected)
        #expect(decision.contributions.map(\.score) == [expected])
        #expect(decision.disposition == (expected >= 0.1 ? .tag : .accept))
    }

    @Test func theDomainsWeightStandsAboveTheDefault() {
        let symbols = [Symbol(name: "A", factor: 2, defaultScore: 1), Symbol(name: "B", defaultScore: 1)]
        #expect(decide([verdict("f", .done, symbols)], scores: ["A": 3, "C": 99]).score == 7)
    }

    @Test func masks() {
        var verdicts = [
            verdict(
                "f", .done, [Symbol(name: "ONE", defaultScore: 1, recipients: RecipientSet([1])), Symbol(name: "ALL", defaultScore: 2)])
        ]
        verdicts[0].proposals = [
            Proposal(.reject(Reply(.refused, "no")), recipients: RecipientSet([2])),
            Proposal(.addHeader(name: "X-A", value: "b"), recipients: RecipientSet([0])),
        ]
        var others = verdict("g", .done, [Symbol(name: "G", defaultScore: 10)])
        others.recipients = RecipientSet([3])
        verdicts.append(others)
        let decisions = (0...3).map { decide(verdicts, recipient: $0) }
        #expect(decisions.map(\.score) == [2, 3, 2, 12])
        #expect(decisions.map(\.disposition) == [.accept, .accept, .reject, .accept])
        #expect(decisions.map(\.headers) == [[AddedHeader(name: "X-A", value: "b")], [], [], []])
        // The edge counts only what concerns everyone.
        #expect(decide(verdicts, recipient: nil).score == 2)
    }

    @Test func mailboxThresholds() {
        var policy = DomainPolicy(domain: "example.org")
        var strict = MailboxPolicy()
        strict.thresholds = Thresholds(reject: 3)
        policy.mailboxes["strict@example.org"] = strict
        let verdicts = [verdict("f", .done, [Symbol(name: "S", defaultScore: 5)])]
        for (name, expected) in [("strict", Disposition.reject), ("Strict", .reject), ("other", .tag)] {
            let rule = DecisionRule(policy: policy, recipient: EmailAddress(localPart: name, domain: "Example.org"))
            #expect(rule(recipient: 0, verdicts: verdicts).disposition == expected)
        }
    }
}
