/// A message's name from MAIL to the last delivery attempt: sorts by time, as a number and as text, and never repeats.
///
/// The number is microseconds since 2020-01-01 shifted left by 12, so it stays positive as Int64 until 2091. The text is 13 digits of
/// Crockford's base 32 (no I, L, O, U), which keep the order.
public struct QueueID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (a: QueueID, b: QueueID) -> Bool { a.rawValue < b.rawValue }

    private static let digits: [UInt8] = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    public var description: String {
        String(unsafeUninitializedCapacity: 13) { out in
            for i in 0..<13 { out[i] = Self.digits[Int(UInt64(bitPattern: rawValue) >> UInt64(60 - 5 * i) & 31)] }
            return 13
        }
    }

    /// Exactly the 13 digits, in either case.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 13 else { return nil }
        var value: UInt64 = 0
        for byte in text.utf8 {
            let upper = (97...122).contains(byte) ? byte - 32 : byte
            guard let digit = Self.digits.firstIndex(of: upper), value >> 59 == 0 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        guard value <= UInt64(Int64.max) else { return nil }
        rawValue = Int64(value)
    }

    /// 2020-01-01T00:00:00Z in microseconds since 1970.
    static let epoch: Int64 = 1_577_836_800_000_000

    /// The smallest ID of a moment.
    public static func first(at time: Timestamp) -> QueueID {
        QueueID(rawValue: min(max(time.microseconds, epoch) - epoch, Int64.max >> 12) << 12)
    }

    /// When it was made, give or take what a clock set back adds.
    public var time: Timestamp { Timestamp(microseconds: (rawValue >> 12) + Self.epoch) }
}
