/// A moment: microseconds since 1970-01-01T00:00:00Z. Pure code gets it as an argument and never asks a clock.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }
    public init(seconds: Int64) { microseconds = seconds &* 1_000_000 }

    public var seconds: Int64 { microseconds / 1_000_000 }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
    public static func + (a: Timestamp, d: Duration) -> Timestamp { Timestamp(microseconds: a.microseconds &+ d.microseconds) }
    public static func - (a: Timestamp, d: Duration) -> Timestamp { Timestamp(microseconds: a.microseconds &- d.microseconds) }
    public static func - (a: Timestamp, b: Timestamp) -> Duration { .microseconds(a.microseconds &- b.microseconds) }

    public static let distantPast = Timestamp(microseconds: .min)
    public static let distantFuture = Timestamp(microseconds: .max)
}

extension Duration {
    /// Whole microseconds, rounded towards zero, saturating.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isOverflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return isTooLong || isOverflow ? (seconds < 0 ? .min : .max) : sum
    }
}
