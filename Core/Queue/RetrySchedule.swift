import Mail

/// How long to wait after a deferral. Pure: chance is an argument.
struct RetrySchedule: Sendable {
    var first: Duration
    var most: Duration

    /// After the `attempts`th failed attempt (from 1): `first`, doubled for each further one up to `most`, then plus or minus a quarter so
    /// that what failed together does not come back together; never above `most`.
    func delay(after attempts: Int, using random: inout some RandomNumberGenerator) -> Duration {
        var base = max(1, min(first, most).microseconds)
        let most = max(1, most.microseconds)
        for _ in 1..<max(2, min(attempts, 64)) where attempts > 1 && base < most { base = base > most / 2 ? most : base * 2 }
        return .microseconds(min(most, Int64.random(in: (base - base / 4)...(base + base / 4), using: &random)))
    }
}

/// SplitMix64: a small generator whose seed is given, so that a schedule can be repeated in a test. Not for secrets.
struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
