/// What is known of one SMTP session (a TCP lifetime): grows from connect to helo, TLS and auth.
public struct SessionFacts: Sendable {
    /// Unique in this process; `Connection` counts it up.
    public var id: UInt64
    public var role: ListenerRole
    /// The listener's address and port as configured, for the log.
    public var listener: String
    public var client: IPAddress
    public var clientPort: Int
    public var connectedAt: Timestamp
    /// As the client gave it to HELO or EHLO; nil before.
    public var helo: String?
    public var isESMTP = false
    public var tls: TLSFacts?
    /// The authenticated login, on outbound listeners.
    public var login: String?
    /// LHLO was said (RFC 2033): each recipient gets a reply of its own at the end of data.
    public var isLMTP = false
    /// The client's name by DNS, where a trusted peer told it (XCLIENT).
    public var clientName: String?
    /// The trusted peer that told of `client` by PROXY or XCLIENT; nil when the client is the peer itself.
    public var via: IPAddress?

    public init(id: UInt64, role: ListenerRole, listener: String, client: IPAddress, clientPort: Int, connectedAt: Timestamp) {
        self.id = id
        self.role = role
        self.listener = listener
        self.client = client
        self.clientPort = clientPort
        self.connectedAt = connectedAt
    }

    /// The `with` word of Received (RFC 3848, and RFC 6531 section 4.3 for a message that came with SMTPUTF8).
    public func protocolName(isSMTPUTF8: Bool = false) -> String {
        if !isESMTP { return "SMTP" }
        let family = isSMTPUTF8 ? (isLMTP ? "UTF8LMTP" : "UTF8SMTP") : isLMTP ? "LMTP" : "ESMTP"
        return family + (tls == nil ? "" : "S") + (login == nil ? "" : "A")
    }
}

public enum ListenerRole: String, Sendable, CaseIterable {
    /// From the world to our domains.
    case inbound
    /// From our domains' servers and users to the world.
    case outbound
}

public struct TLSFacts: Hashable, Sendable {
    /// `TLSv1.3`.
    public var version: String
    /// `TLS_AES_256_GCM_SHA384`; empty where the library does not tell.
    public var cipher: String
    public init(version: String, cipher: String) {
        self.version = version
        self.cipher = cipher
    }
}
