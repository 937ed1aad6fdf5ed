import PosternKit

/// A length of time as settings write it: seconds as a number, or `30s`, `5m`, `12h`, `36d`. Pure.
enum Period {
    private static let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)]

    /// In seconds; nil: no length of time.
    static func parse(_ text: String) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.utf8.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) else { return nil }
            return Double(digits).map { $0 * factor }
        }
        return nil
    }

    static func read(_ settings: Settings, in range: ClosedRange<Double>, _ words: String) throws(SettingsError) -> Duration {
        var seconds: Double?
        if case .number(let number) = settings.value { seconds = number } else { seconds = parse(try settings.string()) }
        guard let seconds, range.contains(seconds) else {
            throw settings.error("must be \(words): seconds, or a text like 30s, 5m, 12h or 36d")
        }
        return .milliseconds(Int(seconds * 1000))
    }
}

extension Duration {
    /// The gateway's times are in microseconds.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
