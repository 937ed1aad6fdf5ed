/// The symbols that rbl gives: one a zone, and one for zones that gave no answer. Pure.
enum RBLSymbols {
    static let unreachable = "RBL_UNREACHABLE"
    /// Bytes of a symbol's name, as the host has it.
    static let longestName = 64
    private static let longestDetail = 480

    /// For zones' names in lower case: `RBL_` and the first label where it is the only one of its kind, else the whole name.
    static func names(for zones: [String]) -> [String] {
        let short = zones.map { symbol($0.prefix { $0 != "." }) }
        var count: [String: Int] = [unreachable: 1]
        for name in short { count[name, default: 0] += 1 }
        return zip(zones, short).map { zone, name in count[name] == 1 ? name : symbol(zone[...]) }
    }

    private static func symbol(_ text: Substring) -> String {
        var name = "RBL_"
        for byte in text.uppercased().utf8.prefix(longestName - 4) {
            name.unicodeScalars.append(isSymbolByte(byte) ? Unicode.Scalar(byte) : "_")
        }
        return name
    }

    static func isName(_ text: String) -> Bool {
        text.hasPrefix("RBL_") && text != unreachable && (5...longestName).contains(text.utf8.count) && text.utf8.allSatisfy(isSymbolByte)
    }

    private static func isSymbolByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// `a.example: timeout; b.example: SERVFAIL`, cut to what a detail holds.
    static func detail(of reasons: [String]) -> String {
        var text = ""
        for (i, reason) in reasons.enumerated() {
            let one = String(decoding: reason.utf8.prefix(200), as: UTF8.self)
            if text.utf8.count + one.utf8.count > longestDetail { return text + "; and \(reasons.count - i) more" }
            text += (i == 0 ? "" : "; ") + one
        }
        return text
    }
}
