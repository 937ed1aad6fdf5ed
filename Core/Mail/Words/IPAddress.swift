/// An IPv4 or IPv6 address, without port or zone. IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) become IPv4 on parsing.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// For IPv4 only the low 32 bits are used.
    public let high: UInt64
    public let low: UInt64
    public let isIPv4: Bool

    public init(v4: UInt32) {
        high = 0
        low = UInt64(v4)
        isIPv4 = true
    }

    public init(high: UInt64, low: UInt64) {
        isIPv4 = high == 0 && low >> 32 == 0xFFFF
        self.high = high
        self.low = isIPv4 ? low & 0xFFFF_FFFF : low
    }

    /// 4 or 16 bytes in network order.
    public var octets: [UInt8] {
        if isIPv4 { return (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * $0)) } }
        return [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
    }

    public init?(octets: some Collection<UInt8>) {
        func word(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch octets.count {
        case 4: self.init(v4: UInt32(word(octets)))
        case 16: self.init(high: word(octets.prefix(8)), low: word(octets.dropFirst(8)))
        default: return nil
        }
    }

    public static let loopback = IPAddress(v4: 0x7F00_0001)

    public var isLoopback: Bool { isIPv4 ? low >> 24 == 127 : high == 0 && low == 1 }

    /// True when both have the same family and the first `prefix` bits are equal.
    public func isIn(_ network: IPAddress, prefix: Int) -> Bool {
        guard isIPv4 == network.isIPv4 else { return false }
        func same(_ a: UInt64, _ b: UInt64, bits: Int, of width: Int) -> Bool {
            bits <= 0 || (a ^ b) >> UInt64(width - min(bits, width)) == 0
        }
        if isIPv4 { return same(low, network.low, bits: prefix, of: 32) }
        return same(high, network.high, bits: prefix, of: 64) && same(low, network.low, bits: prefix - 64, of: 64)
    }

    /// Text as in RFC 5952 (IPv6: lower case, the longest run of zero groups shortened).
    public var description: String {
        if isIPv4 { return octets.map(String.init).joined(separator: ".") }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - 16 * ($0 % 4))) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else { start += 1; continue }
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > best.count, end - start > 1 { best = start..<end }
            start = end
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? text(groups[...]) : text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }

    public init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.parseV6(text) else { return nil }
            self.init(high: high, low: low)
        } else {
            guard let word = Self.parseV4(text) else { return nil }
            self.init(v4: word)
        }
    }

    private static func parseV4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var word: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }), let n = UInt8(part),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0")
            else { return nil }
            word = word << 8 | UInt32(n)
        }
        return word
    }

    private static func parseV6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
        guard text.utf8.count <= 45 else { return nil }
        func groups(_ side: String, isLast: Bool) -> [UInt16]? {
            if side.isEmpty { return [] }
            var out: [UInt16] = []
            let parts = side.split(separator: ":", omittingEmptySubsequences: false)
            for (i, part) in parts.enumerated() {
                if isLast, i == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                    guard let v4 = parseV4(part) else { return nil }
                    out += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
                } else {
                    guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                        let n = UInt16(part, radix: 16)
                    else { return nil }
                    out.append(n)
                }
            }
            return out
        }
        var all: [UInt16]
        let whole = String(text)
        if let gap = whole.range(of: "::") {
            let after = String(whole[gap.upperBound...])
            guard let left = groups(String(whole[..<gap.lowerBound]), isLast: false), let right = groups(after, isLast: true),
                left.count + right.count <= 7
            else {
                return nil
            }
            all = left + [UInt16](repeating: 0, count: 8 - left.count - right.count) + right
        } else {
            guard let parsed = groups(whole, isLast: true), parsed.count == 8 else { return nil }
            all = parsed
        }
        func word(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
        all.reserveCapacity(8)
        return (word(all[..<4]), word(all[4...]))
    }
}

extension String {
    /// The first place where `needle` (ASCII, not empty) stands.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(needle) { return at..<index(at, offsetBy: needle.count) }
            at = index(after: at)
        }
        return nil
    }
}
