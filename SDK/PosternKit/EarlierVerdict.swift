import CPostern

/// What a filter before this one came to (`postern.verdicts/1`).
public struct EarlierVerdict: Hashable, Sendable {
    /// The slot's name.
    public var filter: String
    public var phase: Phase
    public var result: Result
    /// Without its verdict nothing is delivered.
    public var isRequired: Bool
    public var proposes: Proposals
    /// What went wrong, when `result` is not `done`.
    public var detail: String
    public var findings: [Finding]

    /// All but `done`: no verdict, which is not the same as that nothing is there.
    public enum Result: UInt32, Sendable { case done, error, timeout, crash }

    public struct Proposals: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let reject = Proposals(rawValue: POSTERN_VERDICT_REJECT)
        public static let `defer` = Proposals(rawValue: POSTERN_VERDICT_DEFER)
        public static let quarantine = Proposals(rawValue: POSTERN_VERDICT_QUARANTINE)
        public static let discard = Proposals(rawValue: POSTERN_VERDICT_DISCARD)
    }

    public struct Finding: Hashable, Sendable {
        public var symbol: String
        public var factor: Double
        /// By the domain's weights; at the edge by the manifest's.
        public var score: Double
        public var detail: String
        /// nil: all.
        public var recipients: [Int]?
    }
}

extension Call {
    /// What was found before this run began; empty when the host has no such service.
    public var earlierVerdicts: [EarlierVerdict] {
        guard let verdicts = host.verdicts?.pointee else { return [] }
        var all: [EarlierVerdict] = []
        for i in 0..<verdicts.verdict_count(raw) {
            var v = postern_earlier_verdict()
            v.size = UInt32(MemoryLayout<postern_earlier_verdict>.size)
            guard verdicts.verdict(raw, i, &v) == POSTERN_OK else { break }
            all.append(
                EarlierVerdict(
                    filter: v.filter.text, phase: Phase(rawValue: v.phase) ?? .connect, result: .init(rawValue: v.result) ?? .error,
                    isRequired: v.flags & POSTERN_VERDICT_REQUIRED != 0,
                    proposes: .init(rawValue: v.flags & ~POSTERN_VERDICT_REQUIRED), detail: v.detail.text, findings: []))
        }
        for i in 0..<verdicts.finding_count(raw) {
            var f = postern_finding()
            f.size = UInt32(MemoryLayout<postern_finding>.size)
            guard verdicts.finding(raw, i, &f) == POSTERN_OK else { break }
            guard f.verdict < all.count else { continue }
            all[Int(f.verdict)].findings.append(
                EarlierVerdict.Finding(
                    symbol: f.symbol.text, factor: f.factor, score: f.score, detail: f.detail.text, recipients: Self.indices(f.recipients)))
        }
        return all
    }

    private static func indices(_ mask: postern_mask) -> [Int]? {
        guard let words = mask.words else { return nil }
        return (0..<Int(mask.count) * 64).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
    }
}
