/// Which of several certificates a client means by the host that it names (RFC 6066 section 3, RFC 9525 section 6.3).
struct CertificateNames: Sendable {
    /// Name, or `*.` and a name -> index of the certificate.
    private let indices: [String: Int]

    /// `names` of each certificate, in lower case. What two have is the first's.
    init(_ names: [[String]]) {
        var indices: [String: Int] = [:]
        for (index, names) in names.enumerated() {
            for name in names where indices[name] == nil { indices[name] = index }
        }
        self.indices = indices
    }

    /// The certificate with the name itself, else the one with a wildcard for its first label, else the first.
    func index(for host: String?) -> Int {
        guard var host = host?.lowercased(), !host.isEmpty else { return 0 }
        if host.hasSuffix(".") { host.removeLast() }
        if let index = indices[host] { return index }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return 0 }
        return indices["*" + host[dot...]] ?? 0
    }
}
