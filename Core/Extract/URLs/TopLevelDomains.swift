/// Whether a name's last label is a public top-level domain.
struct TopLevelDomains: Sendable {
    static let shared = TopLevelDomains()

    private let names: Set<[UInt8]>

    private init() {
        names = TopLevelTable.names.withUTF8Buffer { text in Set(text.split { $0 == 32 || $0 == 10 }.map(Array.init)) }
    }

    /// In either case, Unicode or ASCII.
    func contains(_ label: some Collection<UInt8>) -> Bool {
        guard (2...63).contains(label.count) else { return false }
        if label.contains(where: { $0 >= 0x80 }) { return DomainToASCII.ascii(Array(label)).map(names.contains) ?? false }
        return names.contains(label.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 })
    }
}
