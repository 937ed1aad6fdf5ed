/// A pattern for addresses: `*` stands for any text, `?` for one byte; ASCII letters match in either case. Takes at most the product of both
/// lengths, which are bounded.
struct Glob: Hashable, Sendable {
    private let pattern: [UInt8]

    init(_ text: String) { pattern = text.utf8.map(Self.folded) }

    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var (p, t) = (0, 0)
            // The last star, and how much it has taken by now.
            var star: (pattern: Int, text: Int)?
            while t < bytes.count {
                if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                    star = (p, t)
                    p += 1
                } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == Self.folded(bytes[t]) {
                    p += 1
                    t += 1
                } else if let last = star {
                    star!.text += 1
                    p = last.pattern + 1
                    t = last.text + 1
                } else {
                    return false
                }
            }
            return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
}
