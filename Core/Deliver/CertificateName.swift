import Mail
import NIOSSL

/// Does a certificate name a host (RFC 9525)? The TLS library has checked the chain, and takes a certificate for the address that we are
/// connected to as well; but where a name was configured, an address that the DNS gave proves nothing.
enum CertificateName {
    /// The host names in it, in lower case; what cannot be one is left out.
    static func all(_ certificate: NIOSSLCertificate) -> [String] {
        certificate._subjectAlternativeNames().compactMap { name in
            guard name.nameType == .dnsName else { return nil }
            return name.contents.withUnsafeBufferPointer { bytes in
                (1...253).contains(bytes.count) && bytes.allSatisfy { (0x21...0x7E).contains($0) }
                    ? String(decoding: bytes, as: UTF8.self).lowercased() : nil
            }
        }
    }

    /// Only dNSName entries count.
    static func matches(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        for name in certificate._subjectAlternativeNames() where name.nameType == .dnsName {
            let pattern = name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            if PresentedName.matches(host, pattern: pattern) { return true }
        }
        return false
    }
}
