import PosternKit

/// Lets a client that is new to a recipient come a second time. What it cannot remember it does not let wait.
struct GreylistFilter: Filter {
    let settings: GreylistSettings
    private let rule: GreylistRule

    /// How often another session may be faster with the same triplet.
    private static let attempts = 4
    /// Triplets of one network that may wait at once: it must not fill what the domain may remember, since then nobody would wait.
    static let mostWaiting: UInt64 = 2000

    init(settings: Settings, host: Host) throws {
        self.settings = try GreylistSettings(settings)
        rule = GreylistRule(delay: Int64(self.settings.delay.inMicroseconds), window: Int64(self.settings.window.inMicroseconds))
    }

    // MARK: A recipient

    func rcpt(_ call: Call) async throws {
        let session = call.session
        guard !session.isOutbound, session.login == nil, let transaction = call.transaction, let recipient = call.recipient else { return }
        let client = Network.unmapped(session.client.octets)
        if settings.allows(client, transaction.reversePathDomain) { return }
        if let least = settings.fromScore, Self.score(call.earlierVerdicts) < least { return }
        let triplet = Triplet(client: client, sender: transaction.reversePath, recipient: recipient.address)
        var questions: [StateOperation] = [.get(triplet.key)]
        if settings.networks > 0 { questions.append(.get(triplet.networkKey)) }
        if let sender = transaction.reversePath {
            questions.append(.get(Triplet.correspondence(of: recipient.address, with: sender)))
        }
        let answers = await call.state.perform(questions)
        if let failed = answers.first(where: { $0.status != .found && $0.status != .absent }) { return Self.giveUp(call, failed) }
        if transaction.reversePath != nil, answers.last?.status == .found {
            return call.add(GreylistSymbols.passed, detail: "the recipient has written to the sender before")
        }
        if settings.networks > 0, let count = NetworkRecord(answers[1].value)?.count, count >= settings.networks {
            await renew(call, triplet.networkKey, answers[1])
            return call.add(GreylistSymbols.passed, detail: "\(count) messages from \(triplet.network) have come back")
        }
        await judge(call, triplet, answers[0])
    }

    /// Decides by what is there, and starts again when another session was faster.
    private func judge(_ call: Call, _ triplet: Triplet, _ found: StateResult) async {
        var found = found
        for _ in 0..<Self.attempts {
            let now = call.now
            let step = rule(TripletRecord(found.value), now: now)
            var record = TripletRecord.waiting(since: now)
            var kept = settings.window
            var counter = triplet.begunKey
            switch step {
            case .wait(let seconds): return Self.wait(call, triplet, seconds)
            case .known:
                await renew(call, triplet.key, found)
                return call.add(GreylistSymbols.passed, detail: "came back before")
            case .comeBack: (record, kept, counter) = (.cameBack(at: now), settings.allowed, triplet.backKey)
            case .begin: if found.version == 0, await isCrowded(call, triplet) { return turnAway(call, triplet) }
            }
            // Who was not the first is counted too: that is no harm.
            let put = await call.state.perform([
                .put(triplet.key, record.bytes, kept: kept, if: Self.unchanged(found)), .count(counter, 1, window: settings.window),
            ])[0]
            switch (put.status, step) {
            case (.conflict, _): found = put
            case (.done, .comeBack(let seconds)):
                if settings.networks > 0 { await countNetwork(call, triplet.networkKey) }
                return call.add(GreylistSymbols.passed, detail: "came back after \(seconds) s")
            case (.done, _): return Self.wait(call, triplet, GreylistRule.seconds(Int64(settings.delay.inMicroseconds)))
            default: return Self.giveUp(call, put)
            }
        }
        Self.giveUp(call, found)
    }

    private static func wait(_ call: Call, _ triplet: Triplet, _ seconds: Int) {
        call.add(GreylistSymbols.waits, detail: "\(triplet.network) is new to this sender and recipient: \(seconds) s to go")
        propose(call, seconds: seconds)
    }

    private static func propose(_ call: Call, seconds: Int) {
        call.propose(.defer(code: 450, subject: 7, detail: 1, text: "Greylisted, try again in \(seconds) seconds"))
    }

    private func isCrowded(_ call: Call, _ triplet: Triplet) async -> Bool {
        let counts = await call.state.perform([
            .count(triplet.begunKey, 0, window: settings.window), .count(triplet.backKey, 0, window: settings.window),
        ])
        guard counts.allSatisfy({ $0.status == .done }) else { return false }
        return counts[0].sum > counts[1].sum && counts[0].sum - counts[1].sum >= Self.mostWaiting
    }

    /// It waits as any other, but begins to only when there is room.
    private func turnAway(_ call: Call, _ triplet: Triplet) {
        call.add(GreylistSymbols.waits, detail: "\(Self.mostWaiting) of \(triplet.network) wait already: this one is not remembered")
        Self.propose(call, seconds: GreylistRule.seconds(Int64(settings.delay.inMicroseconds)))
    }

    /// Never a reason to wait: without what it remembers nobody would ever be let in.
    private static func giveUp(_ call: Call, _ result: StateResult) {
        let why = result.detail.isEmpty ? "\(result.status)" : result.detail
        call.add(GreylistSymbols.error, detail: "nobody waits, nothing can be remembered: \(why)")
    }

    /// What filters before this one found, by the domain's weights.
    static func score(_ verdicts: [EarlierVerdict]) -> Double {
        verdicts.reduce(0) { sum, verdict in
            sum + verdict.findings.reduce(0) { $0 + ($1.score.isFinite ? min(max($1.score, -1000), 1000) : 0) }
        }
    }

    // MARK: What is remembered

    private static func unchanged(_ found: StateResult) -> StateCondition {
        found.version == 0 ? .ifAbsent : .ifVersion(found.version)
    }

    private func renew(_ call: Call, _ key: StateKey, _ found: StateResult) async {
        guard GreylistRule.isRenewed(found.expiresAt, kept: Int64(settings.allowed.inMicroseconds), now: call.now) else { return }
        // What cannot be renewed is let in all the same.
        _ = await call.state.perform([.put(key, found.value, kept: settings.allowed, if: .ifVersion(found.version))])
    }

    /// A message that comes back, once for all its recipients.
    private func countNetwork(_ call: Call, _ key: StateKey) async {
        let id = call.transaction?.queueID ?? ""
        let message = id.isEmpty ? "session \(call.session.id)" : id
        var found = await call.state.perform([.get(key)])[0]
        for _ in 0..<Self.attempts {
            guard found.status == .found || found.status == .absent || found.status == .conflict else { return }
            var record = NetworkRecord(found.value) ?? NetworkRecord()
            guard record.add(message) else { return }
            found = await call.state.perform([.put(key, record.bytes, kept: settings.allowed, if: Self.unchanged(found))])[0]
            if found.status == .done { return }
        }
    }

    // MARK: What became of it

    /// Whom one of ours has written to may answer at once.
    func outcome(_ call: Call, _ outcome: Outcome) async throws {
        guard call.domain != nil, call.session.isOutbound, outcome.kind == .delivered, let sender = call.transaction?.reversePath,
            let recipient = call.recipient
        else { return }
        let key = Triplet.correspondence(of: sender, with: recipient.address)
        if let entry = try await call.state.get(key),
            !GreylistRule.isRenewed(entry.expiresAt, kept: Int64(settings.correspondents.inMicroseconds), now: call.now)
        {
            return
        }
        try await call.state.put(key, [1], kept: settings.correspondents)
    }
}
