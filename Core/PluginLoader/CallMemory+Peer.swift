import CPostern
import Mail

/// A way, and the server at its end, as the ABI shows them.
extension CallMemory {
    static func make(_ route: RouteQuestion, _ writer: inout BlockWriter) -> UnsafePointer<postern_route> {
        let out = writer.make(postern_route.self)
        out.initialize(
            to: postern_route(
                size: UInt32(MemoryLayout<postern_route>.size),
                flags: (route.isByMX ? POSTERN_ROUTE_MX : 0) | (route.role == .outbound ? POSTERN_ROUTE_OUTBOUND : 0),
                destination: writer.text(route.destination)))
        return UnsafePointer(out)
    }

    static func make(_ peer: PeerFacts, _ writer: inout BlockWriter) -> UnsafePointer<postern_peer> {
        let out = writer.make(postern_peer.self)
        let chain = writer.make(postern_certificate.self, count: peer.chain.count)
        let names = writer.make(postern_bytes.self, count: peer.names.count)
        for (i, certificate) in peer.chain.enumerated() {
            chain[i] = postern_certificate(
                der: certificate.bytes.withUnsafeBytes { writer.bytes($0) },
                public_key: certificate.publicKey.withUnsafeBytes { writer.bytes($0) })
        }
        for (i, name) in peer.names.enumerated() { names[i] = writer.text(name) }
        var p = postern_peer()
        p.size = UInt32(MemoryLayout<postern_peer>.size)
        p.flags =
            (peer.tls != nil ? POSTERN_PEER_TLS : 0) | (peer.isVerified ? POSTERN_PEER_VERIFIED : 0)
            | (peer.isLMTP ? POSTERN_PEER_LMTP : 0)
        p.host = writer.text(peer.host)
        if let address = peer.address {
            p.family = address.isIPv4 ? 4 : 6
            p.port = UInt32(clamping: peer.port)
            withUnsafeMutableBytes(of: &p.address) { $0.copyBytes(from: address.octets) }
        }
        if let tls = peer.tls {
            p.tls_version = writer.text(tls.version)
            p.tls_cipher = writer.text(tls.cipher)
        }
        p.certificates = peer.chain.isEmpty ? nil : UnsafePointer(chain)
        p.certificate_count = UInt32(peer.chain.count)
        p.certificate_size = UInt32(MemoryLayout<postern_certificate>.stride)
        p.names = peer.names.isEmpty ? nil : UnsafePointer(names)
        p.name_count = UInt32(peer.names.count)
        p.name_size = UInt32(MemoryLayout<postern_bytes>.stride)
        out.initialize(to: p)
        return UnsafePointer(out)
    }

    /// Bytes that both need at most.
    static func size(_ route: RouteQuestion?, _ peer: PeerFacts?) -> Int {
        var size = 0
        if let route { size += MemoryLayout<postern_route>.stride + route.destination.utf8.count + 16 }
        if let peer {
            size += MemoryLayout<postern_peer>.stride + peer.host.utf8.count + 32
            if let tls = peer.tls { size += tls.version.utf8.count + tls.cipher.utf8.count }
            size += peer.chain.reduce(0) { $0 + MemoryLayout<postern_certificate>.stride + $1.bytes.count + $1.publicKey.count }
            size += peer.names.reduce(0) { $0 + MemoryLayout<postern_bytes>.stride + $1.utf8.count }
        }
        return size
    }
}
