/// Names of symbols that come from elsewhere: a signature, a rule.
public enum SymbolName {
    /// The host's limit.
    public static let longest = 64

    /// `prefix` and what `text` says in A-Z 0-9 _: letters in capitals, everything else an underscore, none of them doubled or at an end.
    /// What does not fit is cut, and ends in eight digits of the whole text's hash, so that two long names stay two.
    public static func make(_ prefix: String, _ text: some StringProtocol) -> String {
        var name = Array(prefix.utf8)
        let start = name.count
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90: name.append(byte)
            case 97...122: name.append(byte - 32)
            default:
                if name.count > start, name.last != UInt8(ascii: "_") { name.append(UInt8(ascii: "_")) }
            }
        }
        while name.count > start, name.last == UInt8(ascii: "_") { name.removeLast() }
        if name.count == start { name += Array("UNNAMED".utf8) }
        if name.count > longest {
            // FNV-1a.
            let hash = text.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
            let digits = String(hash, radix: 16, uppercase: true)
            name.removeLast(name.count - longest + 9)
            name += Array("_".utf8)
            name += [UInt8](repeating: UInt8(ascii: "0"), count: 8 - digits.utf8.count)
            name += Array(digits.utf8)
        }
        return String(decoding: name, as: UTF8.self)
    }
}
