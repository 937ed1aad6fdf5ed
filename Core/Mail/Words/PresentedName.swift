/// A name that a certificate presents (RFC 9525 section 4).
public enum PresentedName {
    /// `*` stands for exactly one label, the first, of a name of three labels at least.
    public static func matches(_ host: String, pattern: String) -> Bool {
        let host = labels(host)
        let pattern = labels(pattern)
        guard host.count == pattern.count, !host.contains("") else { return false }
        if host == pattern { return true }
        return pattern[0] == "*" && pattern.count >= 3 && host.dropFirst() == pattern.dropFirst()
    }

    private static func labels(_ name: String) -> [Substring] {
        let lower = name.lowercased()
        return (lower.hasSuffix(".") ? lower.dropLast() : lower[...]).split(separator: ".", omittingEmptySubsequences: false)
    }
}
