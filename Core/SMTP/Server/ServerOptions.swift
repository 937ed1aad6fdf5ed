/// What a listener's sessions may do. Plain values; the limits come with the policy in force.
public struct ServerOptions: Hashable, Sendable {
    public enum Authentication: Hashable, Sendable {
        /// AUTH is not offered.
        case off
        /// Offered under TLS; whether MAIL goes without it is the inspector's business.
        case optional
        /// No MAIL without it.
        case required
    }

    /// A certificate is there, and TLS is not active from the start.
    public var offersTLS = false
    /// No mail without TLS.
    public var requiresTLS = false
    public var authentication = Authentication.off
    /// LMTP instead of SMTP (RFC 2033).
    public var isLMTP = false
    /// A CR or LF that stands alone becomes CR LF instead of a refusal.
    public var normalizesLineEnds = false
    /// The peer may speak for another client.
    public var allowsXCLIENT = false

    public init() {}
}
