/// What became of one copy of a message, or of a session or recipient that was refused: what filters of the phase `outcome` are told.
public struct OutcomeRecord: Hashable, Sendable {
    /// The raw value is the ABI's.
    public enum Kind: UInt32, Sendable, CaseIterable {
        case delivered = 1
        case bounced, expired, quarantined, rejected, discarded
        /// Somebody let it go after all: the outcome of its delivery follows.
        case released
        case deleted

        public var word: String { String(describing: self) }
    }

    public var kind: Kind
    /// Where it was decided; `.outcome`: in the queue, or by a person.
    public var phase: Phase
    public var time: Timestamp
    /// `5.1.1`; empty where there is none.
    public var status: String
    /// What the next hop said, or why: for people, and possibly a peer's bytes.
    public var text: String
    /// `mail.example.com[192.0.2.1]:25`; empty for what was never tried.
    public var nextHop: String
    /// Of delivery.
    public var attempts: Int
    public var score: Double
    /// What counted in the score.
    public var symbols: [CountedSymbol]

    public struct CountedSymbol: Hashable, Sendable {
        public var name: String
        public var score: Double
        public init(name: String, score: Double) {
            self.name = name
            self.score = score
        }
    }

    /// Of either, the rest is not told.
    public static let mostSymbols = 100
    public static let longestText = 1024

    public init(
        _ kind: Kind, in phase: Phase = .outcome, at time: Timestamp, status: String = "", text: String = "", nextHop: String = "",
        attempts: Int = 0, score: Double = 0, symbols: [CountedSymbol] = []
    ) {
        self.kind = kind
        self.phase = phase
        self.time = time
        self.status = status
        self.text = text
        self.nextHop = nextHop
        self.attempts = attempts
        self.score = score
        self.symbols = symbols
    }
}
