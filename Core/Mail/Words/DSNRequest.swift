/// What MAIL asked of DSNs about its message (RFC 3461 sections 4.3 and 4.4).
public struct DSNRequest: Hashable, Sendable {
    /// RET: what of the message a DSN carries.
    public enum Returned: String, Hashable, Sendable { case full = "FULL", headers = "HDRS" }

    public var returned: Returned?
    /// ENVID, decoded: printable ASCII, 100 characters at most.
    public var envelopeID: String?

    public init(returned: Returned? = nil, envelopeID: String? = nil) {
        self.returned = returned
        self.envelopeID = envelopeID
    }
}

/// NOTIFY of RCPT (RFC 3461 section 4.1): on what a DSN is wanted. Empty: NEVER. Numbers are stored on disk.
public struct NotifyConditions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let success = NotifyConditions(rawValue: 1)
    public static let failure = NotifyConditions(rawValue: 2)
    public static let delay = NotifyConditions(rawValue: 4)
    public static let never: NotifyConditions = []
}
