import PosternKit

/// One signature's name, as libclamav tells it, and what it means. Pure.
struct Finding: Hashable, Sendable {
    /// Exactly as libclamav tells it.
    let signature: String
    let kind: Kind
    let symbol: String
    /// The part that it was found in, among the message's; nil: the message.
    var part: Int?

    enum Kind: Sendable {
        case virus
        /// Was not looked at whole: a limit was reached.
        case limit
        /// Was not looked at: it is encrypted.
        case encrypted
        case heuristic
        /// Potentially unwanted, as ClamAV says of adware, packers, tools.
        case unwanted
    }

    init(_ signature: String) {
        self.signature = signature
        // Signatures that ClamAV's makers have not signed.
        var name = signature[...]
        if name.hasSuffix(".UNOFFICIAL") { name = name.dropLast(11) }
        if name.hasPrefix("Heuristics.Limits.Exceeded") {
            (kind, symbol) = (.limit, ClamAVSymbols.limit)
        } else if name.hasPrefix("Heuristics.Encrypted.") {
            (kind, symbol) = (.encrypted, ClamAVSymbols.encrypted)
        } else if name.hasPrefix("Heuristics.") {
            (kind, symbol) = (.heuristic, SymbolName.make(ClamAVSymbols.heuristic, name.dropFirst(11)))
        } else if name.hasPrefix("PUA.") {
            (kind, symbol) = (.unwanted, SymbolName.make(ClamAVSymbols.unwanted, name.dropFirst(4)))
        } else {
            (kind, symbol) = (.virus, SymbolName.make(ClamAVSymbols.virus, name))
        }
    }
}
