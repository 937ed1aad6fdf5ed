/// What becomes of a code point in a domain name (UTS 46 section 5), non-transitional and without STD3 rules.
struct IDNAMapping: Sendable {
    enum Fate: Equatable, Sendable {
        case valid
        case disallowed
        case ignored
        case mapped
    }

    static let shared = IDNAMapping()

    private enum Kind: Int { case valid, disallowed, ignored, moved, alternating, strings }

    private var starts: [UInt32] = []
    private var kinds: [Kind] = []
    /// `moved`: the difference; `strings`: where the first one begins in `offsets`.
    private var details: [Int] = []
    private var offsets: [Int] = []
    private var scalars: [Unicode.Scalar] = []

    private init() {
        var reader = TableReader(DomainTables.mapping)
        var at = 0
        while !reader.isAtEnd {
            let number = reader.number()
            let kind = Kind(rawValue: number % 8)!
            let length = number / 8
            starts.append(UInt32(at))
            kinds.append(kind)
            details.append(kind == .moved ? reader.signed() : offsets.count)
            if kind == .strings {
                for code in at..<at + length {
                    offsets.append(scalars.count)
                    for _ in 0..<reader.number() { scalars.append(Unicode.Scalar(UInt32(code + reader.signed()))!) }
                }
            }
            at += length
        }
        offsets.append(scalars.count)
    }

    /// Appends what `scalar` becomes to `out`.
    @discardableResult func map(_ scalar: Unicode.Scalar, into out: inout [Unicode.Scalar]) -> Fate {
        let run = starts.indexOfLast(upTo: scalar.value)
        switch kinds[run] {
        case .valid: break
        case .disallowed: return .disallowed
        case .ignored: return .ignored
        case .moved:
            out.append(Unicode.Scalar(UInt32(Int(scalar.value) + details[run]))!)
            return .mapped
        case .alternating:
            guard (scalar.value - starts[run]) % 2 == 0 else { break }
            out.append(Unicode.Scalar(scalar.value + 1)!)
            return .mapped
        case .strings:
            let index = details[run] + Int(scalar.value - starts[run])
            out += scalars[offsets[index]..<offsets[index + 1]]
            return .mapped
        }
        out.append(scalar)
        return .valid
    }

    func isValid(_ scalar: Unicode.Scalar) -> Bool {
        let run = starts.indexOfLast(upTo: scalar.value)
        return kinds[run] == .valid || kinds[run] == .alternating && (scalar.value - starts[run]) % 2 == 1
    }
}
