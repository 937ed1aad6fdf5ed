/// What is looked at of one message; whatever exceeds it is flagged `.limit`.
public struct TreeLimits: Sendable {
    /// Multiparts and messages within each other. Mail that people send has less than ten; what is deeper is left as it is.
    public var depth = 64
    /// Nobody sends so many in good faith.
    public var parts = 10_000
    /// Of one part: readings beside the first.
    public var readingsPerPart = 8
    /// Of the whole message.
    public var readings = 64
    /// File names of one part.
    public var names = 16
    /// Bytes of a Content-Type and the like that are read.
    public var fieldBytes = 16 << 10
    /// Files within the text of one part.
    public var embeddedFiles = 256

    public init() {}
}

/// What is left of the limits while a message is read.
struct ReadingBudget: Sendable {
    let limits: TreeLimits
    var readings: Int
    /// Bytes that may be read once more for other readings: so many times the message, or depth times size would be read.
    var bytes: Int

    init(_ limits: TreeLimits, size: Int) {
        self.limits = limits
        readings = limits.readings
        bytes = 4 * size + 65_536
    }

    mutating func grow(by size: Int) { bytes += 4 * size }
}
