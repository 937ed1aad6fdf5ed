/// What one filter found before, as a later filter is told (`postern.verdicts/1`).
public struct EarlierVerdict: Hashable, Sendable {
    /// The slot's name.
    public var filter: String
    public var phase: Phase
    public var result: FilterResult
    /// The slot is `required`.
    public var isRequired: Bool
    public var proposed: Set<Kind>
    /// What went wrong, when `result` is not `done`.
    public var detail: String
    public var findings: [Finding]

    public enum Kind: UInt32, Hashable, Sendable, CaseIterable { case reject, `defer`, quarantine, discard }

    public struct Finding: Hashable, Sendable {
        public var symbol: String
        public var factor: Double
        /// What it contributes by the domain's weights, as far as those are known.
        public var score: Double
        public var detail: String
        public var recipients: RecipientSet

        public init(symbol: String, factor: Double, score: Double, detail: String, recipients: RecipientSet) {
            self.symbol = symbol
            self.factor = factor
            self.score = score
            self.detail = detail
            self.recipients = recipients
        }
    }

    public init(
        filter: String, phase: Phase, result: FilterResult, isRequired: Bool = false, proposed: Set<Kind> = [], detail: String = "",
        findings: [Finding] = []
    ) {
        self.filter = filter
        self.phase = phase
        self.result = result
        self.isRequired = isRequired
        self.proposed = proposed
        self.detail = detail
        self.findings = findings
    }

    /// Of `verdict` what concerns `recipients`; nil: nothing does, or it counts for nothing (`shadow`). `score` gives a symbol's contribution.
    public init?(_ verdict: Verdict, concerning recipients: RecipientSet, score: (Symbol) -> Double) {
        guard verdict.result != .cancelled, !verdict.isShadow, Self.meet(verdict.recipients, recipients) else { return nil }
        filter = verdict.filter
        phase = verdict.phase
        result = verdict.result
        isRequired = verdict.isRequired
        detail = verdict.result == .done ? "" : verdict.detail
        proposed = []
        for proposal in verdict.proposals where Self.meet(proposal.recipients, recipients) {
            switch proposal.action {
            case .reject: proposed.insert(.reject)
            case .defer: proposed.insert(.defer)
            case .quarantine: proposed.insert(.quarantine)
            case .discard: proposed.insert(.discard)
            case .addHeader: break
            }
        }
        findings = verdict.symbols.compactMap { symbol in
            let whom = symbol.recipients.intersection(verdict.recipients)
            guard Self.meet(whom, recipients) else { return nil }
            return Finding(
                symbol: symbol.name, factor: symbol.factor, score: score(symbol), detail: symbol.detail,
                recipients: whom.words == nil ? .all : whom.intersection(recipients))
        }
    }

    private static func meet(_ a: RecipientSet, _ b: RecipientSet) -> Bool { !a.intersection(b).isEmpty }
}
