/// Texts with a unit: durations and sizes, as configuration and command line write them.
public enum Units {
    /// `250ms`, `90s`, `5m`, `4h`, `15d`, `2w`; a number before the unit, fractions allowed. nil otherwise, and for what exceeds 100 years.
    public static func duration(_ text: some StringProtocol) -> Duration? {
        guard let (number, unit) = split(text) else { return nil }
        let seconds: Double
        switch unit {
        case "ms": seconds = 0.001
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 7 * 86_400
        default: return nil
        }
        let microseconds = (number * seconds * 1_000_000).rounded()
        return microseconds <= 100 * 366 * 86_400 * 1e6 ? .microseconds(Int64(microseconds)) : nil
    }

    /// Bytes: `512`, `64KiB`, `150MB`, `2GB`, `1T`. KB, MB, GB, TB and their short forms are powers of 1024 like KiB, MiB, GiB, TiB, as mail
    /// servers always counted. nil otherwise, and from 2^53 on.
    public static func bytes(_ text: some StringProtocol) -> Int? {
        guard let (number, unit) = split(text) else { return nil }
        let shift: Int
        switch unit.lowercased() {
        case "", "b": shift = 0
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "t", "tb", "tib": shift = 40
        default: return nil
        }
        let value = number * Double(1 << shift)
        return value.rounded() == value && value < Double(1 << 53) ? Int(value) : nil
    }

    /// The shortest exact text of a duration, for messages.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] as [(String, Int64)] where seconds != 0 && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }

    private static func split(_ text: some StringProtocol) -> (Double, String)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard digits.first?.isNumber == true, digits.last?.isNumber == true, digits.utf8.count <= 18, let number = Double(digits) else {
            return nil
        }
        return (number, String(text.dropFirst(digits.count).drop { $0 == " " }))
    }
}
