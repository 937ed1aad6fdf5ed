/// What becomes of one recipient's copy.
public enum Disposition: String, Sendable, CaseIterable {
    case accept, tag, quarantine, `defer`, discard, reject
}

/// A disposition with its reasons: the result of Decide for one recipient.
public struct Decision: Sendable {
    public var disposition: Disposition
    public var score: Double
    public var thresholds: Thresholds
    /// Every symbol that counted, with what it added.
    public var contributions: [Contribution]
    /// One sentence for the log and the receipt: `score 9.5 >= quarantine 7`, `clamav proposed reject`, ...
    public var reason: String
    /// The peer's reply for reject and defer: generic words unless a filter gave its own.
    public var reply: Reply?
    public var headers: [AddedHeader]

    public init(
        disposition: Disposition, score: Double, thresholds: Thresholds, contributions: [Contribution], reason: String, reply: Reply? = nil,
        headers: [AddedHeader] = []
    ) {
        self.disposition = disposition
        self.score = score
        self.thresholds = thresholds
        self.contributions = contributions
        self.reason = reason
        self.reply = reply
        self.headers = headers
    }
}

public struct Contribution: Hashable, Sendable {
    public var symbol: String
    public var score: Double
    public var filter: String
    public var detail: String
    /// As `Symbol.part`.
    public var part: String

    public init(symbol: String, score: Double, filter: String, detail: String, part: String = "") {
        self.symbol = symbol
        self.score = score
        self.filter = filter
        self.detail = detail
        self.part = part
    }
}

public struct AddedHeader: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
