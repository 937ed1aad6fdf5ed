/// A URL's host (URL standard, section 3.1).
public enum URLHost: Hashable, Sendable {
    case domain(String)
    case ipv4(UInt32)
    /// Eight groups.
    case ipv6([UInt16])
    /// Of a scheme that is not special: percent-encoded as it came.
    case opaque(String)
    case empty

    /// Section 3.6.
    public var serialized: String {
        switch self {
        case .domain(let name), .opaque(let name): name
        case .ipv4(let address): [24, 16, 8, 0].map { String(address >> UInt32($0) & 0xFF) }.joined(separator: ".")
        case .ipv6(let groups): "[" + Self.text(groups) + "]"
        case .empty: ""
        }
    }

    /// Without brackets, compressed (RFC 5952), never with an IPv4 tail.
    private static func text(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else { start += 1; continue }
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(best.count, 1) { best = start..<end }
            start = end
        }
        func side(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? side(groups[...]) : side(groups[..<best.lowerBound]) + "::" + side(groups[best.upperBound...])
    }
}
