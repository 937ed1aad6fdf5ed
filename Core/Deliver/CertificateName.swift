import NIOSSL

/// Does a certificate name a host (RFC 9525)? The TLS library has checked the chain, and takes a certificate for the address that we are
/// connected to as well; but where a name was configured, an address that the DNS gave proves nothing.
enum CertificateName {
    /// Only dNSName entries count; `*` stands for exactly one label, the first, of a name of three labels at least.
    static func matches(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        for name in certificate._subjectAlternativeNames() where name.nameType == .dnsName {
            let pattern = name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            if matches(host, pattern: pattern) { return true }
        }
        return false
    }

    static func matches(_ host: String, pattern: String) -> Bool {
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
