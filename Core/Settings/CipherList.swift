import Mail

/// OpenSSL's language for cipher suites: names and classes, `:` between them, `+` for both at once, `!` or `-` to take away:
/// `ECDHE+AESGCM:ECDHE+CHACHA20:!aECDSA`.
enum CipherList {
    /// What an entry of the list is wrong with.
    struct Problem: Error {
        let what: String
        let mend: String
    }

    private static let classes: [(String, @Sendable (CipherSuite) -> Bool)] = [
        ("ALL", { _ in true }), ("HIGH", { _ in true }),
        ("ECDHE", \.hasForwardSecrecy), ("EECDH", \.hasForwardSecrecy), ("kECDHE", \.hasForwardSecrecy), ("kEECDH", \.hasForwardSecrecy),
        ("ECDH", \.hasForwardSecrecy),
        ("RSA", { !$0.hasForwardSecrecy }), ("kRSA", { !$0.hasForwardSecrecy }),
        ("aRSA", { !$0.rawValue.contains("ECDSA") }),
        ("aECDSA", { $0.rawValue.contains("ECDSA") }), ("ECDSA", { $0.rawValue.contains("ECDSA") }),
        ("AES", { $0.rawValue.contains("AES") }), ("AESGCM", { $0.rawValue.contains("GCM") }),
        ("AES128", { $0.rawValue.contains("AES128") }), ("AES256", { $0.rawValue.contains("AES256") }),
        ("CHACHA20", { $0.rawValue.contains("CHACHA20") }),
        ("SHA", \.isOfOldVersions), ("SHA1", \.isOfOldVersions),
        // Of what is not here there is nothing to take away, but people write it.
        ("aNULL", { _ in false }), ("eNULL", { _ in false }), ("NULL", { _ in false }), ("MD5", { _ in false }), ("RC4", { _ in false }),
        ("3DES", { _ in false }), ("DES", { _ in false }), ("PSK", { _ in false }), ("DH", { _ in false }), ("DHE", { _ in false }),
        ("EDH", { _ in false }), ("SRP", { _ in false }), ("DSS", { _ in false }), ("LOW", { _ in false }), ("EXPORT", { _ in false }),
        ("EXP", { _ in false }), ("CAMELLIA", { _ in false }), ("SEED", { _ in false }), ("IDEA", { _ in false }),
    ]

    /// The suites that `text` names, in its order; never empty.
    static func parse(_ text: String) throws(Problem) -> [CipherSuite] {
        var chosen: [CipherSuite] = []
        var banned: Set<CipherSuite> = []
        for entry in text.split(whereSeparator: { $0 == ":" || $0 == "," || $0 == " " }) {
            let sign = entry.first.flatMap { "!-+".contains($0) ? $0 : nil }
            let named = try suites(sign == nil ? entry : entry.dropFirst())
            switch sign {
            case "!":
                banned.formUnion(named)
                chosen.removeAll { named.contains($0) }
            case "-": chosen.removeAll { named.contains($0) }
            case "+":
                let moved = chosen.filter(named.contains)
                chosen = chosen.filter { !named.contains($0) } + moved
            default: chosen += named.filter { !chosen.contains($0) && !banned.contains($0) }
            }
        }
        guard !chosen.isEmpty else {
            throw Problem(
                what: "`\(text.shortened)` names no cipher suite", mend: "leave `ciphers` out, or write `ECDHE+AESGCM:ECDHE+CHACHA20`")
        }
        return chosen
    }

    private static func suites(_ entry: Substring) throws(Problem) -> [CipherSuite] {
        if let suite = CipherSuite(rawValue: String(entry)) { return [suite] }
        var suites = CipherSuite.allCases
        for word in entry.split(separator: "+", omittingEmptySubsequences: false) {
            guard let fits = classes.first(where: { $0.0 == word })?.1 else {
                let known = CipherSuite.allCases.map(\.rawValue) + classes.map(\.0)
                throw Problem(
                    what: "`\(String(word).shortened)` is no cipher suite and no class of them that the TLS library has",
                    mend: Spelling.nearest(to: String(word), in: known).map { "did you mean `\($0)`?" }
                        ?? "known suites: " + CipherSuite.allCases.map(\.rawValue).joined(separator: ", "))
            }
            suites.removeAll { !fits($0) }
        }
        return suites
    }
}
