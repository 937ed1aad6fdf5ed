/// Normalization Form C (UAX 15), which the standard library has for comparing only.
struct Normalization: Sendable {
    static let shared = Normalization()

    private var decompositions: [UInt32: (first: Unicode.Scalar, second: Unicode.Scalar?)] = [:]
    private var compositions: [UInt64: Unicode.Scalar] = [:]

    private init() {
        var reader = TableReader(DomainTables.decompositions)
        var code = 0
        while !reader.isAtEnd {
            code += reader.number()
            let kind = reader.number()
            let first = Unicode.Scalar(UInt32(code + reader.signed()))!
            let second = kind & 1 == 1 ? Unicode.Scalar(UInt32(code + reader.signed()))! : nil
            decompositions[UInt32(code)] = (first, second)
            if kind & 2 == 0, let second { compositions[Self.pair(first, second)] = Unicode.Scalar(UInt32(code))! }
        }
    }

    func composed(_ text: some Collection<Unicode.Scalar>) -> [Unicode.Scalar] {
        // Nothing below U+0300 changes, or joins with what is below it.
        if text.allSatisfy({ $0.value < 0x300 }) { return Array(text) }
        var parts: [(scalar: Unicode.Scalar, order: UInt8)] = []
        for scalar in text { decompose(scalar, into: &parts) }
        reorder(&parts)
        return compose(parts)
    }

    private static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
        UInt64(first.value) << 32 | UInt64(second.value)
    }

    private func decompose(_ scalar: Unicode.Scalar, into out: inout [(scalar: Unicode.Scalar, order: UInt8)]) {
        if (0xAC00...0xD7A3).contains(scalar.value) {
            let index = scalar.value - 0xAC00
            out.append((Unicode.Scalar(0x1100 + index / 588)!, 0))
            out.append((Unicode.Scalar(0x1161 + index % 588 / 28)!, 0))
            if index % 28 > 0 { out.append((Unicode.Scalar(0x11A7 + index % 28)!, 0)) }
            return
        }
        guard let parts = decompositions[scalar.value] else {
            out.append((scalar, scalar.properties.canonicalCombiningClass.rawValue))
            return
        }
        // At most four levels, by the data.
        decompose(parts.first, into: &out)
        if let second = parts.second { decompose(second, into: &out) }
    }

    /// Marks of one base in the order of their classes, equal ones as they came.
    private func reorder(_ parts: inout [(scalar: Unicode.Scalar, order: UInt8)]) {
        var at = 0
        while at < parts.count {
            guard parts[at].order > 0 else { at += 1; continue }
            var end = at
            while end < parts.count, parts[end].order > 0 { end += 1 }
            if end - at > 1 {
                let sorted = parts[at..<end].enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
                parts.replaceSubrange(at..<end, with: sorted.map(\.element))
            }
            at = end
        }
    }

    private func compose(_ parts: [(scalar: Unicode.Scalar, order: UInt8)]) -> [Unicode.Scalar] {
        var out: [Unicode.Scalar] = []
        var starter: Int?
        var lastOrder = -1
        for (scalar, order) in parts {
            if let at = starter, lastOrder < Int(order), let joined = joined(out[at], scalar) {
                out[at] = joined
                continue
            }
            if order == 0 {
                starter = out.count
                lastOrder = -1
            } else {
                lastOrder = Int(order)
            }
            out.append(scalar)
        }
        return out
    }

    private func joined(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        let (a, b) = (first.value, second.value)
        if (0x1100..<0x1113).contains(a), (0x1161..<0x1176).contains(b) {
            return Unicode.Scalar(0xAC00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28)
        }
        if (0xAC00...0xD7A3).contains(a), (a - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(b) { return Unicode.Scalar(a + b - 0x11A7) }
        return compositions[Self.pair(first, second)]
    }
}
