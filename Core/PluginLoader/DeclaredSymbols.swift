import Mail

/// Looks up declared symbols fast: exact names in a table, families (`RBL_*`) longest first.
public struct DeclaredSymbols: Sendable {
    private let exact: [String: Double]
    private let families: [(stem: String, score: Double)]

    public init(_ manifest: FilterManifest) {
        var exact: [String: Double] = [:]
        var families: [(stem: String, score: Double)] = []
        for symbol in manifest.symbols {
            if symbol.name.last == "*" {
                families.append((String(symbol.name.dropLast()), symbol.defaultScore))
            } else {
                exact[symbol.name] = symbol.defaultScore
            }
        }
        self.exact = exact
        self.families = families.sorted { $0.stem.utf8.count > $1.stem.utf8.count }
    }

    /// The manifest's score of a symbol; nil when it is not declared.
    public func score(of name: String) -> Double? { exact[name] ?? families.first { name.hasPrefix($0.stem) }?.score }

    /// Bytes that a symbol's name is made of.
    static func allows(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_") }
}
