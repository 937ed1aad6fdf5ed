/// Whether a name's last label is a public top-level domain.
struct TopLevelDomains: Sendable {
    static let shared = TopLevelDomains()

    /// Where in `TopLevelTable.names` each name begins, in alphabetical order.
    private let starts: [UInt16]

    private init() {
        starts = TopLevelTable.names.withUTF8Buffer { text in
            text.indices.filter { text[$0] > 32 && ($0 == 0 || text[$0 - 1] <= 32) }.map { UInt16($0) }
        }
    }

    /// In either case, Unicode or ASCII.
    func contains(_ label: UnsafeRawBufferPointer) -> Bool {
        guard (2...63).contains(label.count) else { return false }
        if label.contains(where: { $0 >= 0x80 }) { return DomainToASCII.ascii(Array(label))?.withUnsafeBytes(isName) ?? false }
        return isName(label)
    }

    private func isName(_ label: UnsafeRawBufferPointer) -> Bool {
        TopLevelTable.names.withUTF8Buffer { text in
            var (low, high) = (0, starts.count)
            while low < high {
                let middle = (low + high) / 2
                switch Self.order(label, text, Int(starts[middle])) {
                case 0: return true
                case ..<0: high = middle
                default: low = middle + 1
                }
            }
            return false
        }
    }

    /// Less than 0 where `label` comes before the name that begins at `start`.
    private static func order(_ label: UnsafeRawBufferPointer, _ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var at = start
        for byte in label {
            // What stands between names comes before all letters.
            let other = at < text.count ? text[at] : 0
            let folded = byte &- 65 < 26 ? byte | 0x20 : byte
            if folded != other { return Int(folded) - Int(other) }
            at += 1
        }
        return at < text.count && text[at] > 32 ? -1 : 0
    }
}
