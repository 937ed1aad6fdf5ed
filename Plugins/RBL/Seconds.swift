/// A duration as settings write it: seconds as a number, or `5s`, `800ms`, `1.5m`. Pure.
enum Seconds {
    private static let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("", 1)]

    /// In seconds; nil: no duration.
    static func parse(_ text: String) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.utf8.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) else { return nil }
            return Double(digits).map { $0 * factor }
        }
        return nil
    }
}
