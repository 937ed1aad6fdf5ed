/// One finding of one filter. Its weight is the domain's: contribution = weight x factor.
public struct Symbol: Hashable, Sendable {
    /// Upper case, digits and `_`; declared in the filter's manifest.
    public var name: String
    /// How strongly it was found; 1 unless the filter says otherwise.
    public var factor: Double
    /// The weight where neither domain nor mailbox sets one: the manifest's.
    public var defaultScore: Double
    /// For people: which zone, which signature. Bounded by the host; may hold any text.
    public var detail: String
    /// The path of the part that it was found in; empty: the message itself, or what has no parts.
    public var part: String
    public var recipients: RecipientSet

    public init(
        name: String, factor: Double = 1, defaultScore: Double = 0, detail: String = "", part: String = "", recipients: RecipientSet = .all
    ) {
        self.name = name
        self.factor = factor
        self.defaultScore = defaultScore
        self.detail = detail
        self.part = part
        self.recipients = recipients
    }
}
