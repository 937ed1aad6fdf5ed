/// What was not seen whole, or may be seen otherwise by another reader: as a set, the same bits as POSTERN_REF_* of the ABI. Partial is
/// never taken for clean.
public struct ContentGaps: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// It ends before its end: no closing boundary, a cut-off encoding.
    public static let truncated = ContentGaps(rawValue: 1)
    /// One of our limits: there is more than was looked at.
    public static let limitHit = ContentGaps(rawValue: 2)
    /// It breaks the standard, and was read as mail clients would read it.
    public static let malformed = ContentGaps(rawValue: 4)
    public static let encrypted = ContentGaps(rawValue: 8)
    /// Two mainstream readers would disagree on its name, type, encoding or bounds.
    public static let ambiguous = ContentGaps(rawValue: 16)

    public static let names: [(ContentGaps, String)] = [
        (.truncated, "truncated"), (.limitHit, "limit-hit"), (.malformed, "malformed"), (.encrypted, "encrypted"),
        (.ambiguous, "ambiguous"),
    ]
}
