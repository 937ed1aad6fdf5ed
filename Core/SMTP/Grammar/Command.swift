import Mail

/// One command of a client, understood (RFC 5321 section 4.1.1).
public enum Command: Hashable, Sendable {
    /// HELO or EHLO with the client's name.
    case hello(name: String, isExtended: Bool)
    /// MAIL; the envelope has the reverse-path and the parameters, no recipient yet.
    case mail(Envelope)
    /// RCPT. `<postmaster>` is an address without a domain (RFC 5321 section 4.5.1).
    case recipient(EmailAddress)
    case data, reset, noop, verify, quit, startTLS
}

/// Why a line is no command. `ServerReply.refusal` gives each its reply.
public enum CommandFault: Error, Hashable, Sendable {
    /// A verb that nobody knows.
    case unknown
    /// A verb that we know and do not offer.
    case notImplemented
    /// Control characters, or 8-bit characters outside an address.
    case characters
    /// Ended by LF without CR.
    case bareLineFeed
    case tooLong
    /// The verb is right, what follows it is not.
    case arguments(Verb)
    case sender, recipient
    /// An address with 8-bit characters: SMTPUTF8 (RFC 6531) is not offered.
    case internationalAddress
    /// A parameter of MAIL or RCPT that we never announced.
    case parameter
    /// A known parameter with a value that makes no sense.
    case parameterValue
}
