extension Settings {
    private static let durations: [(unit: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("", 1),
    ]
    private static let sizes: [(unit: String, bytes: Double)] = [
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("B", 1), ("", 1),
    ]

    /// Seconds as a number, or a text with a unit: `800ms`, `5s`, `1.5m`, `2h`, `15d`.
    public func duration() throws(SettingsError) -> Duration {
        guard let seconds = amount(Self.durations), seconds <= 1e9 else { throw error("must be a duration, like 5s, 800ms or 10m") }
        return .microseconds(Int64(seconds * 1e6))
    }

    /// Bytes as a number, or a text with a unit: `64KiB`, `150MB`, `2GB`.
    public func bytes() throws(SettingsError) -> Int {
        guard let bytes = amount(Self.sizes), bytes <= 1e15 else { throw error("must be a size, like 64KiB, 150MB or 2GB") }
        return Int(bytes)
    }

    public func duration(_ name: String, default fallback: Duration) throws(SettingsError) -> Duration {
        try self[name]?.duration() ?? fallback
    }

    public func duration(_ name: String, default fallback: Duration, in range: ClosedRange<Duration>) throws(SettingsError) -> Duration {
        guard let setting = self[name] else { return fallback }
        let duration = try setting.duration()
        guard range.contains(duration) else {
            throw setting.error("must be \(Self.words(range.lowerBound)) to \(Self.words(range.upperBound))")
        }
        return duration
    }

    public func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let setting = self[name] else { return fallback }
        let number = try setting.integer()
        guard range.contains(number) else { throw setting.error("must be \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    public func number(_ name: String, default fallback: Double, in range: ClosedRange<Double>) throws(SettingsError) -> Double {
        guard let setting = self[name] else { return fallback }
        let number = try setting.number()
        guard range.contains(number) else { throw setting.error("must be \(Int(range.lowerBound)) to \(Int(range.upperBound))") }
        return number
    }

    /// `100ms`, `31d`: in the largest unit that leaves no rest.
    private static func words(_ duration: Duration) -> String {
        let milliseconds = Int(duration.inMicroseconds / 1000)
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] where milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    public func bytes(_ name: String, default fallback: Int) throws(SettingsError) -> Int { try self[name]?.bytes() ?? fallback }

    private func amount(_ units: [(String, Double)]) -> Double? {
        switch value {
        case .number(let number): return number >= 0 && number.isFinite ? number : nil
        case .string(let text):
            let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard !digits.isEmpty, let number = Double(digits), let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) })
            else {
                return nil
            }
            return number * unit.1
        default: return nil
        }
    }
}
