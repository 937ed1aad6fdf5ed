import CPostern

/// What became of a copy, or of a session or recipient that was refused. Whose it was: the call's session, transaction and recipient.
public struct Outcome: Sendable {
    public enum Kind: UInt32, Sendable, CaseIterable {
        case delivered = 1
        case bounced, expired, quarantined, rejected, discarded
        /// Somebody let it go after all: the outcome of its delivery follows.
        case released
        case deleted
    }

    public let kind: Kind
    /// Where it was decided; `.outcome`: in the queue, or by a person.
    public let phase: Phase
    /// Microseconds since 1970.
    public let time: Int64
    /// Of delivery; 0 for what was never tried.
    public let attempts: Int
    /// `5.1.1`; empty where there is none.
    public let status: String
    /// What the next hop said, or why; for people.
    public let text: String
    /// `mail.example.com[192.0.2.1]:25`; empty for what was never tried.
    public let nextHop: String
    /// With which it was judged.
    public let score: Double
    /// What counted in the score, by name.
    public let symbols: [(name: String, score: Double)]

    /// nil: of a kind that this kit does not know.
    init?(_ raw: UnsafePointer<postern_outcome>) {
        guard let kind = Kind(rawValue: raw.pointee.kind) else { return nil }
        self.kind = kind
        phase = Phase(rawValue: raw.pointee.phase) ?? .outcome
        time = raw.pointee.time
        attempts = Int(raw.pointee.attempts)
        status = raw.pointee.status.text
        text = raw.pointee.text.text
        nextHop = raw.pointee.next_hop.text
        score = raw.pointee.score
        symbols = (0..<Int(raw.pointee.symbol_count)).map { i in
            let at = i * Int(raw.pointee.symbol_size)
            let symbol = UnsafeRawPointer(raw.pointee.symbols!).load(fromByteOffset: at, as: postern_outcome_symbol.self)
            return (symbol.name.text, symbol.score)
        }
    }
}
