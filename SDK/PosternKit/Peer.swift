import CPostern

/// The server at the end of a way, before it hears of any message.
public struct Peer: Sendable {
    /// The MX host's or the configured name, or its address; the path of a socket.
    public let host: String
    /// nil: a socket of this machine.
    public let address: ClientAddress?
    public let port: Int
    public let isLMTP: Bool
    public let isEncrypted: Bool
    /// The operator or a filter demanded a trusted chain and a name, and both were found to be so.
    public let isVerified: Bool
    /// `TLSv1.3`; empty in clear.
    public let tlsVersion: String
    /// The server's own first; what else it presented, in its order, unless it is verified.
    public let certificates: [PeerCertificate]
    /// Host names of the first certificate, in lower case, maybe with `*`.
    public let names: [String]

    init(_ raw: UnsafePointer<postern_peer>) {
        let peer = raw.pointee
        host = peer.host.text
        let octets = withUnsafeBytes(of: peer.address) { Array($0.prefix(peer.family == 4 ? 4 : 16)) }
        address = peer.family == 0 ? nil : ClientAddress(octets: octets)
        port = Int(peer.port)
        isLMTP = peer.flags & POSTERN_PEER_LMTP != 0
        isEncrypted = peer.flags & POSTERN_PEER_TLS != 0
        isVerified = peer.flags & POSTERN_PEER_VERIFIED != 0
        tlsVersion = peer.tls_version.text
        certificates = (0..<Int(peer.certificate_count)).map { i in
            let at = i * Int(peer.certificate_size)
            let certificate = UnsafeRawPointer(peer.certificates!).load(fromByteOffset: at, as: postern_certificate.self)
            return PeerCertificate(der: Array(certificate.der.buffer), publicKey: Array(certificate.public_key.buffer))
        }
        names = (0..<Int(peer.name_count)).map { i in
            UnsafeRawPointer(peer.names!).load(fromByteOffset: i * Int(peer.name_size), as: postern_bytes.self).text
        }
    }
}

/// In DER (RFC 5280).
public struct PeerCertificate: Hashable, Sendable {
    public let der: [UInt8]
    /// Its SubjectPublicKeyInfo; empty: it could not be found.
    public let publicKey: [UInt8]
}

extension Call {
    /// For peer.
    public var peer: Peer? { raw.pointee.peer.map(Peer.init) }
}
