/// A reverse-path, seen through what others have put around it and what changes from message to message. Pure.
enum SenderAddress {
    /// In lower case; of an address that a forwarder has rewritten (SRS) the original one, and without a tag against forged bounces (BATV).
    static func original(_ address: String) -> [UInt8] {
        let bytes = lowercased(address)
        let at = bytes.lastIndex(of: UInt8(ascii: "@")) ?? bytes.endIndex
        var (local, domain) = (Array(bytes[..<at]), Array(bytes[at...]))
        // One may be within the other.
        for _ in 0..<4 {
            if let found = rewritten(local[...]) {
                (local, domain) = (found.local, [UInt8(ascii: "@")] + found.domain)
            } else if let found = tagged(local[...]) {
                local = found
            } else {
                break
            }
        }
        return local + domain
    }

    /// The original, in the local part without what follows a `+`, and with `#` for each number and each run of six or more hexadecimal
    /// digits: what a mailing list's or a sender's software changes from message to message (VERP).
    static func folded(_ address: String) -> [UInt8] {
        let bytes = original(address)
        let at = bytes.lastIndex(of: UInt8(ascii: "@")) ?? bytes.endIndex
        let plus = bytes[..<at].dropFirst().firstIndex(of: UInt8(ascii: "+")) ?? at
        return withoutNumbers(bytes[..<plus]) + bytes[at...]
    }

    static func lowercased(_ text: String) -> [UInt8] { text.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 } }

    // MARK: SRS and BATV

    /// `srs0=hash=time=domain=local`, and `srs1=hash=forwarder==hash=time=domain=local` of the second forwarder; the first sign may be
    /// another.
    private static func rewritten(_ local: ArraySlice<UInt8>) -> (local: [UInt8], domain: [UInt8])? {
        let isFirst = local.starts(with: "srs0".utf8)
        guard isFirst || local.starts(with: "srs1".utf8), var rest = separated(local.dropFirst(4)) else { return nil }
        if !isFirst {
            let parts = rest.split(separator: UInt8(ascii: "="), maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let inner = separated(parts[2]) else { return nil }
            rest = inner
        }
        let parts = rest.split(separator: UInt8(ascii: "="), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return (Array(parts[3]), Array(parts[2]))
    }

    private static func separated(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = text.first, "=+-".utf8.contains(first) else { return nil }
        return text.dropFirst()
    }

    /// The user of `prvs=tag=user` and its like.
    private static func tagged(_ local: ArraySlice<UInt8>) -> [UInt8]? {
        for (prefix, signs) in [("prvs=", 1), ("msprvs1=", 1), ("btv1==", 2)] where local.starts(with: prefix.utf8) {
            let rest = local.dropFirst(prefix.utf8.count)
            guard let end = rest.firstIndex(of: UInt8(ascii: "=")), end > rest.startIndex else { return nil }
            let user = rest[end...].dropFirst(signs)
            return user.isEmpty ? nil : Array(user)
        }
        return nil
    }

    // MARK: Numbers

    private static func withoutNumbers(_ local: ArraySlice<UInt8>) -> [UInt8] {
        let number = UInt8(ascii: "#"), dash = UInt8(ascii: "-")
        var out: [UInt8] = []
        // Behind a long run a UUID's groups of four may follow.
        var isWithinGroups = false
        var at = local.startIndex
        while at < local.endIndex {
            guard isHexadecimal(local[at]) else {
                if local[at] != dash { isWithinGroups = false }
                out.append(local[at])
                at += 1
                continue
            }
            let end = local[at...].firstIndex { !isHexadecimal($0) } ?? local.endIndex
            let isGroup = out.last == dash && (end == local.endIndex || local[end] == dash)
            isWithinGroups = end - at >= 6 || isWithinGroups && isGroup && end - at >= 4
            if isWithinGroups {
                out.append(number)
            } else {
                for byte in local[at..<end] {
                    if !isDigit(byte) { out.append(byte) } else if out.last != number { out.append(number) }
                }
            }
            at = end
        }
        return out
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (97...102).contains(byte) }
}
