import Mail

/// What a session with one message would have come to: for `postern scan`.
public struct Judgement: Sendable {
    /// Where the session would have ended before the message, and with what reply. For rcpt: every recipient was refused.
    public var refusal: (phase: Phase, reply: Reply)?
    /// All that was found up to there.
    public var verdicts: [Verdict]
    /// nil with a refusal.
    public var record: InspectionRecord?
}

extension Inspector {
    /// Plays a whole session with one message, from connect to the end of data, and tells what it came to. Any thread.
    ///
    /// An inspector with a store that keeps nothing makes it a scan.
    public func judge(
        _ facts: SessionFacts, from: ReversePath, to recipients: [EmailAddress], _ region: Region, on loop: any SerialLoop
    ) async -> Judgement {
        await withCheckedContinuation { done in
            loop.execute { Play(self, facts, from: from, to: recipients, region, on: loop) { done.resume(returning: $0) }.connect() }
        }
    }
}

/// The client's side of `judge`: one step after the other.
private final class Play: @unchecked Sendable {
    // Bound to the loop.
    private let inspection: SessionInspection
    private let facts: SessionFacts
    private let from: ReversePath
    private let region: Region
    private let then: @Sendable (Judgement) -> Void
    private var waiting: [EmailAddress]
    private var refused: Reply?
    private var accepted = 0

    init(
        _ inspector: Inspector, _ facts: SessionFacts, from: ReversePath, to recipients: [EmailAddress], _ region: Region,
        on loop: any SerialLoop, then: @escaping @Sendable (Judgement) -> Void
    ) {
        inspection = SessionInspection(facts, by: inspector, on: loop)
        self.facts = facts
        self.from = from
        self.region = region
        self.then = then
        waiting = recipients.reversed()
    }

    func connect() {
        inspection.connect { [self] reply in
            if let reply { return end(.connect, reply) }
            inspection.helo(facts) { [self] reply in
                if let reply { return end(.helo, reply) }
                inspection.mail(facts, Envelope(reversePath: from)) { [self] reply in
                    if let reply { return end(.mail, reply) }
                    nextRecipient()
                }
            }
        }
    }

    private func nextRecipient() {
        guard let address = waiting.popLast() else {
            if accepted == 0 { return end(.rcpt, refused ?? Reply(.noValidRecipients, "No recipient")) }
            return message()
        }
        inspection.recipient(Recipient(address: address)) { [self] reply in
            if reply.isPositive { accepted += 1 } else { refused = refused ?? reply }
            nextRecipient()
        }
    }

    private func message() {
        inspection.whenConcluded = { [self] record in
            then(Judgement(refusal: nil, verdicts: record.verdicts, record: record))
            inspection.close()
        }
        inspection.message(region) { _ in }
    }

    private func end(_ phase: Phase, _ reply: Reply) {
        then(Judgement(refusal: (phase, reply), verdicts: inspection.verdicts, record: nil))
        inspection.close()
    }
}
