/// Who the server is that mail is about to be given to.
public struct PeerFacts: Hashable, Sendable {
    /// Its name, as the way led to it, or its address; the path of a socket.
    public var host: String
    /// nil: a socket of this machine.
    public var address: IPAddress?
    public var port: Int
    public var isLMTP: Bool
    /// nil: in clear.
    public var tls: TLSFacts?
    /// The operator or a filter demanded a trusted chain and a certificate's name, and they were found to be so.
    public var isVerified: Bool
    /// The server's own certificate first. Without `isVerified` all that it presented, in its order; else the first only.
    public var chain: [PeerCertificate]
    /// The host names in the first of them, as they stand there: in lower case, maybe with `*`.
    public var names: [String]

    public init(
        host: String, address: IPAddress?, port: Int, isLMTP: Bool = false, tls: TLSFacts? = nil, isVerified: Bool = false,
        chain: [PeerCertificate] = [], names: [String] = []
    ) {
        self.host = host
        self.address = address
        self.port = port
        self.isLMTP = isLMTP
        self.tls = tls
        self.isVerified = isVerified
        self.chain = chain
        self.names = names
    }
}

/// A certificate in DER (RFC 5280).
public struct PeerCertificate: Hashable, Sendable {
    public var bytes: [UInt8]
    /// Its SubjectPublicKeyInfo; empty where it could not be found.
    public var publicKey: [UInt8]

    public init(bytes: [UInt8], publicKey: [UInt8]) {
        self.bytes = bytes
        self.publicKey = publicKey
    }
}

public enum PeerAnswer: Hashable, Sendable {
    /// It may have the mail. Holds for this connection until a policy of another number is in force.
    case go(policy: UInt64)
    /// Not this server, not now. One line for the log, with an enhanced status code in front.
    case avoid(String)
    /// Never this server. The same.
    case refuse(String)
}

/// Asks the filters of the phase `peer` about a server, before it hears of a message. Inspect implements it for Deliver. `passed`: the number of the
/// policy by which they said `go` on this connection before. `facts` is asked before this returns, and only where there are such filters. Any
/// thread; the completion comes once, on any thread, possibly before this returns.
public typealias JudgePeer =
    @Sendable (
        _ question: RouteQuestion, _ passed: UInt64?, _ facts: () -> PeerFacts, _ completion: @escaping @Sendable (PeerAnswer) -> Void
    ) -> Void
