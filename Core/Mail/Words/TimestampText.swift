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
        let days = CivilTime.days(year: year, month: month, day: day)
        let midnight = Timestamp(seconds: days * 86400)
        // 31 February comes out as a day of March.
        guard rest.isEmpty, CivilTime(midnight).day == day else { return nil }
        self.init(microseconds: midnight.microseconds + (hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction)
    }
}
