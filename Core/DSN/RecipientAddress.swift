import Mail

/// Addresses as DSN fields show them: `type; address` (RFC 3464 section 2.1.2, RFC 6533 section 3).
enum RecipientAddress {
    /// RFC 3461 section 4.2 and RFC 5321 section 4.5.3.1 together stay below.
    static let most = 600

    /// Final-Recipient. Beyond ASCII it is of type utf-8: plain where UTF-8 may stand, else with `\x{...}`.
    static func final(_ address: EmailAddress, allowsUTF8: Bool) -> String {
        let text = address.description
        return text.utf8.allSatisfy { $0 < 0x80 } ? "rfc822; \(text)" : "utf-8; \(unicode(text, allowsUTF8))"
    }

    /// Original-Recipient from ORCPT as it was given, its xtext decoded as RFC 3461 section 6.3 wants. nil: there is none in it.
    static func original(_ given: String, allowsUTF8: Bool) -> String? {
        guard let semicolon = given.firstIndex(of: ";") else { return nil }
        let type = given[..<semicolon].lowercased()
        let encoded = given[given.index(after: semicolon)...]
        guard !type.isEmpty, !encoded.isEmpty else { return nil }
        if type == "utf-8" { return "utf-8; \(unicode(unescaped(encoded), allowsUTF8))" }
        return "\(type); \(XText.decode(Array(encoded.utf8)) ?? String(encoded))"
    }

    /// utf-8-addr-unitext as it is, or utf-8-addr-xtext (RFC 6533 section 3): ASCII with `\x{HEX}`.
    private static func unicode(_ text: String, _ allowsUTF8: Bool) -> String {
        if allowsUTF8 { return text }
        return text.unicodeScalars.map { scalar in
            let isPlain = (33...126).contains(scalar.value) && scalar != "\\" && scalar != "+" && scalar != "="
            return isPlain ? String(scalar) : "\\x{\(String(scalar.value, radix: 16, uppercase: true))}"
        }.joined()
    }

    /// `\x{E5}` to the character; what is no such escape stays as it is.
    private static func unescaped(_ text: Substring) -> String {
        var out = ""
        var rest = text
        while let start = rest.range(of: "\\x{") {
            out += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}"), rest[..<end].utf8.count <= 6, let value = UInt32(rest[..<end], radix: 16),
                let scalar = Unicode.Scalar(value)
            else {
                out += "\\x{"
                continue
            }
            out.unicodeScalars.append(scalar)
            rest = rest[rest.index(after: end)...]
        }
        return out + rest
    }
}

extension Substring {
    /// The first occurrence of a short ASCII word.
    fileprivate func range(of word: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(word) { return at..<index(at, offsetBy: word.count) }
            at = index(after: at)
        }
        return nil
    }
}
