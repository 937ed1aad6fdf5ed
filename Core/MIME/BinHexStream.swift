/// The bytes that BinHex 4.0 encodes (RFC 1741 appendix A): from behind the first colon that begins a line to the next one, six bits a character, runs
/// of equal bytes undone.
struct BinHexStream {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    /// The byte that is repeated, and how often it still comes.
    private var value: UInt8 = 0
    private var left = 0
    private var hasValue = false
    /// Characters of no meaning, or a run of nothing.
    private(set) var isBad = false
    /// The colon that ends it was seen.
    private(set) var isClosed = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        at = Self.start(in: bytes) ?? bytes.count
    }

    private static let colon = UInt8(ascii: ":")
    private static let repeats: UInt8 = 0x90

    private static func start(in bytes: UnsafeRawBufferPointer) -> Int? {
        var line = 0
        while line < bytes.count {
            if bytes[line] == colon { return line + 1 }
            line = bytes.endOfLine(from: line, to: bytes.count)
        }
        return nil
    }

    /// nil: there is no more.
    mutating func next() -> UInt8? {
        while left == 0 { guard load() else { return nil } }
        left -= 1
        return value
    }

    /// Passes over `count` bytes without making them. False: there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        var rest = count
        while rest > 0 {
            while left == 0 { guard load() else { return false } }
            let step = min(rest, left)
            rest -= step
            left -= step
        }
        return true
    }

    /// Two bytes, the high one first.
    mutating func nextShort() -> UInt16? {
        guard let high = next(), let low = next() else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    /// What comes is one byte, or the last one again so many times.
    private mutating func load() -> Bool {
        guard let byte = octet() else { return false }
        if byte == Self.repeats {
            guard let count = octet() else { return false }
            if count > 0 {
                // The first of them came already.
                if !hasValue { isBad = true }
                left = hasValue ? Int(count) - 1 : 0
                return true
            }
        }
        value = byte
        hasValue = true
        left = 1
        return true
    }

    private mutating func octet() -> UInt8? {
        while bitCount < 8 {
            guard at < bytes.count, !isClosed else { return nil }
            let byte = bytes[at]
            at += 1
            let six = Self.values.utf8Start[Int(byte & 0x7F)] &- 0x30
            if byte < 0x80, six < 64 {
                bits = bits << 6 | UInt32(six)
                bitCount += 6
            } else if byte == Self.colon {
                isClosed = true
            } else if byte > 0x20 {
                isBad = true
            }
        }
        bitCount -= 8
        return UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
    }

    /// By character of ASCII: '0' and what it stands for; 'z' for none.
    private static let values: StaticString =
        #"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz0123456789:;<zz=>?@ABCzDEzzzzzzFGHIJKLMNOPQRSTzUVWXYZ[z\]^_zzzz`abcdefzghijklzzmnozzzzzzzzzzzzz"#
}
