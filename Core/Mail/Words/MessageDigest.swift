/// What names a message by its bytes: 32 bytes of a cryptographic hash.
public struct MessageDigest: Hashable, Sendable, CustomStringConvertible {
    /// In memory order.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// nil unless there are exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        let words = Array(bytes).withUnsafeBytes { raw in
            (0..<4).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// The 64 hexadecimal digits of `description`.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8.map { UInt8($0) }
        guard digits.count == 64 else { return nil }
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case 48...57: digit - 48
            case 97...102: digit - 87
            default: nil
            }
        }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: 64, by: 2) {
            guard let high = value(digits[at]), let low = value(digits[at + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
    }

    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    public var description: String {
        withUnsafeBytes(of: words) { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    }

    public static func == (a: MessageDigest, b: MessageDigest) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
