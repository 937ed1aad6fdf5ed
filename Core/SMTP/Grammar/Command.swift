import Mail

/// One command of a client, understood (RFC 5321 section 4.1.1).
public enum Command: Hashable, Sendable {
    /// HELO, EHLO or LHLO with the client's name.
    case hello(name: String, Greeting)
    /// MAIL; the envelope has the reverse-path and the parameters, no recipient yet.
    case mail(Envelope)
    /// RCPT, its policy domain still open. `<postmaster>` is an address without a domain (RFC 5321 section 4.5.1).
    case recipient(Recipient)
    /// BDAT: a chunk of that many bytes follows at once (RFC 3030).
    case chunk(size: Int, isLast: Bool)
    /// AUTH with the mechanism's name in upper case, and the initial response, still in base64 (RFC 4954 section 4).
    case authenticate(mechanism: String, initial: [UInt8]?)
    /// XCLIENT: what a trusted peer tells of the client.
    case client([ClientAttribute])
    case data, reset, noop, help, verify, quit, startTLS

    public enum Greeting: Hashable, Sendable { case helo, ehlo, lhlo }
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
    /// An address with 8-bit characters in a transaction without SMTPUTF8 (RFC 6531 section 3.5).
    case internationalAddress
    /// A parameter of MAIL or RCPT that we never announced.
    case parameter
    /// A known parameter with a value that makes no sense.
    case parameterValue
}
