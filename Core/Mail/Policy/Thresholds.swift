/// From which score on something happens. nil: never. Where several are reached, the most severe wins (see Decide).
public struct Thresholds: Hashable, Sendable {
    public var tag: Double?
    public var quarantine: Double?
    public var `defer`: Double?
    public var discard: Double?
    public var reject: Double?

    public init(tag: Double? = nil, quarantine: Double? = nil, defer: Double? = nil, discard: Double? = nil, reject: Double? = nil) {
        self.tag = tag
        self.quarantine = quarantine
        self.defer = `defer`
        self.discard = discard
        self.reject = reject
    }

    /// Values of `other` where it has any, else these.
    public func overridden(by other: Thresholds) -> Thresholds {
        Thresholds(
            tag: other.tag ?? tag, quarantine: other.quarantine ?? quarantine, defer: other.defer ?? `defer`,
            discard: other.discard ?? discard,
            reject: other.reject ?? reject)
    }
}
