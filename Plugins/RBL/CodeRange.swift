import PosternKit

/// Codes that a zone answers with: addresses in 127.0.0.0/8. Pure.
struct CodeRange: Equatable, Sendable {
    let range: ClosedRange<UInt32>

    /// Where listings are (RFC 5782 section 2.1).
    static let codes: ClosedRange<UInt32> = 0x7F00_0000...0x7FFF_FFFF
    /// What large lists say instead of an answer: mistyped zone, public resolver, too many questions.
    static let errors: ClosedRange<UInt32> = 0x7FFF_FF00...0x7FFF_FFFF

    /// `127.0.0.2`, `127.0.0.4-127.0.0.7`, `127.0.0.0/16` or `*`. nil: none of these, or beyond what is a code.
    init?(_ text: String) {
        if text == "*" {
            range = Self.codes.lowerBound...Self.errors.lowerBound - 1
            return
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2 {
            guard let first = Self.code(ends[0]), let last = Self.code(ends[1]), first <= last else { return nil }
            range = first...last
        } else {
            guard let network = Network(text), network.octets.count == 4 else { return nil }
            let first = network.octets.reduce(0) { $0 << 8 | UInt32($1) }
            range = first...(first | (network.prefix == 0 ? .max : ~(UInt32.max << UInt32(32 - network.prefix))))
        }
        guard Self.codes.contains(range.lowerBound), Self.codes.contains(range.upperBound), !range.overlaps(Self.errors) else { return nil }
    }

    private static func code(_ text: Substring) -> UInt32? {
        guard let octets = Network.octets(text), octets.count == 4 else { return nil }
        return octets.reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func text(_ code: UInt32) -> String { "\(code >> 24).\(code >> 16 & 255).\(code >> 8 & 255).\(code & 255)" }
}
