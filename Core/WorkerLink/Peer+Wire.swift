import Mail

/// A server as it crosses to a worker.
extension WireWriter {
    mutating func peer(_ peer: PeerFacts) {
        text(peer.host)
        optional(peer.address) { $0.raw($1.octets) }
        u32(UInt32(clamping: peer.port))
        flag(peer.isLMTP)
        optional(peer.tls) {
            $0.text($1.version)
            $0.text($1.cipher)
        }
        flag(peer.isVerified)
        list(peer.chain) {
            $0.raw($1.bytes)
            $0.raw($1.publicKey)
        }
        list(peer.names) { $0.text($1) }
    }
}

extension WireReader {
    mutating func peer() throws(WireFault) -> PeerFacts {
        let host = try text()
        let octets = try optional { (reader) throws(WireFault) in try reader.raw(most: 16) }
        let address = octets.flatMap { IPAddress(octets: $0) }
        guard (address == nil) == (octets == nil) else { throw WireFault("a server with a bad address") }
        var peer = PeerFacts(host: host, address: address, port: Int(try u32()), isLMTP: try flag())
        peer.tls = try optional { (reader) throws(WireFault) in TLSFacts(version: try reader.text(), cipher: try reader.text()) }
        peer.isVerified = try flag()
        peer.chain = try list(most: 1 << 10) { (reader) throws(WireFault) in
            PeerCertificate(bytes: try reader.raw(), publicKey: try reader.raw())
        }
        peer.names = try list(most: 1 << 16) { (reader) throws(WireFault) in try reader.text() }
        return peer
    }
}
