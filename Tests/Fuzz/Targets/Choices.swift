/// The random numbers of one run, drawn from the input's first bytes, so that an input always means the same (SplitMix64).
struct Choices {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 to `count - 1`.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
}

/// An input's parts: a byte of options, a byte that says how the rest is cut, two of seed, then the peer's bytes.
struct FuzzInput {
    let options: UInt8
    let choices: Choices
    let bytes: [UInt8]
    private let cut: UInt8

    init?(_ input: UnsafeRawBufferPointer) {
        guard input.count >= 4 else { return nil }
        options = input[0]
        cut = input[1]
        choices = Choices(seed: UInt64(input[2]) << 8 | UInt64(input[3]))
        bytes = Array(input[4...])
    }

    /// The bytes as they arrive: whole, in pieces of one size, or in random ones.
    var pieces: [ArraySlice<UInt8>] {
        if cut == 0 { return [bytes[...]] }
        var pieces: [ArraySlice<UInt8>] = []
        var random = choices
        var at = 0
        while at < bytes.count {
            let size = cut < 64 ? Int(cut) : 1 + random.below(Int(cut) - 62)
            pieces.append(bytes[at..<min(at + size, bytes.count)])
            at += size
        }
        return pieces
    }
}
