/// A moment as calendar and clock show it, in UTC (proleptic Gregorian calendar): for log lines and header fields. No Foundation, no locale.
public struct CivilTime: Hashable, Sendable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int
    public let microsecond: Int
    /// 0 is Sunday.
    public let weekday: Int

    public init(_ time: Timestamp) {
        let (days, within) = Self.divide(time.microseconds, by: 86_400_000_000)
        microsecond = within % 1_000_000
        second = within / 1_000_000 % 60
        minute = within / 60_000_000 % 60
        hour = within / 3_600_000_000
        weekday = Self.divide(Int64(days + 4), by: 7).rest

        // Years begin in March here, so that the leap day is the last of its year; eras have 400 years, which always are 146,097 days.
        let (era, dayOfEra) = Self.divide(Int64(days + 719_468), by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01 of a date: the way back, by the same years from March.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = divide(month > 2 ? year : year - 1, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return Int64(era) * 146_097 + Int64(yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100) + dayOfYear - 719_468
    }

    /// `2026-11-21T22:00:00.000123Z` (RFC 3339 section 5.6), with microseconds.
    public var rfc3339: String {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        appendRFC3339(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// The same into a buffer: for the log, which writes many.
    public func appendRFC3339(to out: inout [UInt8]) {
        Self.append(year, digits: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        Self.append(month, digits: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        Self.append(day, digits: 2, to: &out)
        out.append(UInt8(ascii: "T"))
        appendClock(to: &out)
        out.append(UInt8(ascii: "."))
        Self.append(microsecond, digits: 6, to: &out)
        out.append(UInt8(ascii: "Z"))
    }

    /// `Sat, 21 Nov 2026 22:00:00 +0000` (RFC 5322 section 3.3).
    public var rfc5322: String {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        out.append(contentsOf: Self.weekdays[weekday].utf8)
        out.append(contentsOf: ", ".utf8)
        Self.append(day, digits: 2, to: &out)
        out.append(UInt8(ascii: " "))
        out.append(contentsOf: Self.months[month - 1].utf8)
        out.append(UInt8(ascii: " "))
        Self.append(year, digits: 4, to: &out)
        out.append(UInt8(ascii: " "))
        appendClock(to: &out)
        out.append(contentsOf: " +0000".utf8)
        return String(decoding: out, as: UTF8.self)
    }

    private func appendClock(to out: inout [UInt8]) {
        Self.append(hour, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(minute, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        Self.append(second, digits: 2, to: &out)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Exactly `digits` digits: what is above them is cut, which only years past 9999 have.
    private static func append(_ value: Int, digits: Int, to out: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value.magnitude / UInt(divisor) % 10))
            divisor /= 10
        }
    }

    /// Rounds down, so that the rest is never negative: moments before 1970 come out right.
    private static func divide(_ value: Int64, by divisor: Int64) -> (whole: Int, rest: Int) {
        let rest = value % divisor
        return rest < 0 ? (Int(value / divisor - 1), Int(rest + divisor)) : (Int(value / divisor), Int(rest))
    }
}
