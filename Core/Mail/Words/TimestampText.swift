/// A moment read back from the text that `CivilTime.rfc3339` writes, or that people write: RFC 3339 section 5.6.
extension Timestamp {
    /// Reads `2026-11-21T22:10:57Z`, a fraction of 1 to 9 digits (cut to microseconds), `Z` or an offset `+02:00`; a space may stand for T.
    /// nil for anything else, an impossible date included. A leap second counts as the second after it.
    public init?(rfc3339 text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        guard rest.count <= 40 else { return nil }
        func digits(_ count: Int) -> Int64? {
            guard rest.count >= count, rest.prefix(count).allSatisfy({ (48...57).contains($0) }) else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        func take(_ any: String) -> UInt8? {
            guard let byte = rest.first, any.utf8.contains(byte) else { return nil }
            rest = rest.dropFirst()
            return byte
        }
        guard let year = digits(4), take("-") != nil, let month = digits(2), take("-") != nil, let day = digits(2), take("Tt ") != nil,
            let hour = digits(2), take(":") != nil, let minute = digits(2), take(":") != nil, let second = digits(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if take(".") != nil {
            let length = rest.prefix { (48...57).contains($0) }.count
            guard (1...9).contains(length), var value = digits(length) else { return nil }
            for _ in length..<9 { value *= 10 }
            fraction = value / 1000
        }
        var offset: Int64 = 0
        if let sign = take("+-") {
            guard let hours = digits(2), take(":") != nil, let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
            offset = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
        } else if take("Zz") == nil {
            return nil
        }
        let days = Self.days(year: year, month: month, day: day)
        let midnight = Timestamp(seconds: days * 86400)
        // 31 February comes out as a day of March.
        guard rest.isEmpty, CivilTime(midnight).day == day else { return nil }
        self.init(microseconds: midnight.microseconds + (hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction)
    }

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. Years are counted from March, so that a leap day is a year's last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// Quotient rounded down, remainder never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
