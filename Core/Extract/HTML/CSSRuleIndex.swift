/// Rules by what their subject must be: an open table, spread by a number that whoever writes a page does not know. Key 0 stands by itself.
struct CSSRuleIndex: Sendable {
    private var keys: [UInt64] = []
    private var heads: [Int32] = []
    private var count = 0
    private var unkeyed: Int32 = -1
    private static let factor = UInt64.random(in: 0...UInt64.max) | 1

    /// -1: none.
    func first(_ key: UInt64) -> Int32 {
        if key == 0 { return unkeyed }
        if keys.isEmpty { return -1 }
        return heads[slot(key)]
    }

    /// Puts a rule in front of those of the same key; returns the first of those.
    mutating func put(_ rule: Int, at key: UInt64) -> Int32 {
        if key == 0 {
            defer { unkeyed = Int32(rule) }
            return unkeyed
        }
        if count * 2 >= keys.count { grow() }
        let slot = slot(key)
        if keys[slot] == 0 {
            keys[slot] = key
            count += 1
        }
        defer { heads[slot] = Int32(rule) }
        return heads[slot]
    }

    /// Where a key is, or would be: a head of -1.
    private func slot(_ key: UInt64) -> Int {
        let mask = keys.count - 1
        // The upper bits, as many as there are slots.
        var at = Int(truncatingIfNeeded: (key &* Self.factor) >> UInt64(mask.leadingZeroBitCount))
        while keys[at] != 0, keys[at] != key { at = (at + 1) & mask }
        return at
    }

    private mutating func grow() {
        let old = zip(keys, heads).filter { $0.0 != 0 }
        let size = max(64, keys.count * 2)
        keys = Array(repeating: 0, count: size)
        heads = Array(repeating: -1, count: size)
        for (key, head) in old {
            let slot = slot(key)
            keys[slot] = key
            heads[slot] = head
        }
    }
}
