/// A cipher suite of TLS 1.2 and before, under the name that OpenSSL gives it, in the order in which we prefer them. TLS 1.3 has its own few
/// and nothing to choose.
public enum CipherSuite: String, Sendable, CaseIterable {
    case ecdheECDSAWithAES128GCM = "ECDHE-ECDSA-AES128-GCM-SHA256"
    case ecdheRSAWithAES128GCM = "ECDHE-RSA-AES128-GCM-SHA256"
    case ecdheECDSAWithAES256GCM = "ECDHE-ECDSA-AES256-GCM-SHA384"
    case ecdheRSAWithAES256GCM = "ECDHE-RSA-AES256-GCM-SHA384"
    case ecdheECDSAWithChaCha20 = "ECDHE-ECDSA-CHACHA20-POLY1305"
    case ecdheRSAWithChaCha20 = "ECDHE-RSA-CHACHA20-POLY1305"
    case ecdheECDSAWithAES128CBCSHA256 = "ECDHE-ECDSA-AES128-SHA256"
    case ecdheRSAWithAES128CBCSHA256 = "ECDHE-RSA-AES128-SHA256"
    case ecdheECDSAWithAES128CBC = "ECDHE-ECDSA-AES128-SHA"
    case ecdheRSAWithAES128CBC = "ECDHE-RSA-AES128-SHA"
    case ecdheECDSAWithAES256CBC = "ECDHE-ECDSA-AES256-SHA"
    case ecdheRSAWithAES256CBC = "ECDHE-RSA-AES256-SHA"
    case rsaWithAES128GCM = "AES128-GCM-SHA256"
    case rsaWithAES256GCM = "AES256-GCM-SHA384"
    case rsaWithAES128CBC = "AES128-SHA"
    case rsaWithAES256CBC = "AES256-SHA"

    /// The session's keys do not follow from the certificate's (RFC 9325 section 4.1).
    public var hasForwardSecrecy: Bool { rawValue.hasPrefix("ECDHE") }

    /// Encryption with authentication in one (GCM, ChaCha20-Poly1305).
    public var isAEAD: Bool { rawValue.contains("GCM") || rawValue.contains("POLY1305") }

    /// Also in TLS 1.0 and 1.1.
    public var isOfOldVersions: Bool { rawValue.hasSuffix("-SHA") }

    /// Forward secrecy always; AEAD before the CBC suites, which are there for servers that have nothing else (Windows 2012 R2): refused, they
    /// would send in clear.
    public static let preset = allCases.filter(\.hasForwardSecrecy)
}
