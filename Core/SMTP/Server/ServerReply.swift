import Mail

/// Every text that the server itself says. The peer gets something generic; the detail goes to the log.
public enum ServerReply {
    static let ok = Reply(.ok, "OK")
    static let senderOK = Reply(.senderOK, "Sender OK")
    static let startMailInput = Reply(.startMailInput, "End data with <CR><LF>.<CR><LF>")
    static let cannotVerify = Reply(.cannotVerify, "Send a message, it will be tried")
    static let readyForTLS = Reply(.readyForTLS, "Ready to start TLS")
    static let closing = Reply(.closing, "Bye")

    static let help = Reply(ReplyStatus(214, 0, 0), "A mail gateway; see RFC 5321")

    static let needHello = Reply(.badSequence, "Send EHLO first")
    static let needMail = Reply(.badSequence, "Send MAIL first")
    static let needRecipient = Reply(.badSequence, "Send RCPT first")
    static let nestedMail = Reply(.badSequence, "A transaction is open already")
    static let tlsIsActive = Reply(.badSequence, "TLS is active already")
    static let mustUseTLS = Reply(.mustUseTLS, "Send STARTTLS first")
    static let tlsNotAvailable = Reply(.notImplemented, "STARTTLS is not offered")
    static let dataAmongChunks = Reply(.badSequence, "Go on with BDAT, or send RSET")
    static let chunksRefused = Reply(.badSequence, "The message is refused already; send RSET")
    static let chunkTooLarge = Reply(.messageTooLarge, "Such a chunk is never read")
    static let authenticated = Reply(.authenticated, "Authenticated")
    static let authenticatedAlready = Reply(.badSequence, "Authenticated already")
    static let authenticationRequired = Reply(.authenticationRequired, "Authentication required")
    static let authenticationNotOffered = Reply(.notImplemented, "AUTH is not offered")
    static let authenticationCancelled = Reply(ReplyStatus(501, 7, 0), "Cancelled")
    /// RFC 4954 section 6.
    static let encryptionRequired = Reply(ReplyStatus(538, 7, 11), "Send STARTTLS first")
    static let unknownMechanism = Reply(ReplyStatus(504, 5, 4), "Unknown mechanism")
    static let badBase64 = Reply(ReplyStatus(501, 5, 2), "Malformed base64")
    static let badCredentials = Reply(ReplyStatus(501, 5, 2), "Malformed credentials")
    static let tooManyFailedLogins = Reply(.tooManyErrors, "Too many failed logins")
    static let tooManyTransactions = Reply(.tooManyErrors, "Too many messages in one session")
    static let notTrusted = Reply(ReplyStatus(550, 7, 1), "Not for this client")
    static let noValidRecipients = Reply(.noValidRecipients, "No valid recipients")
    static let tooManyRecipients = Reply(.tooManyRecipients, "Too many recipients in one transaction")
    static let messageTooLarge = Reply(.messageTooLarge, "The message is too large")
    /// RFC 5322 section 4: a NUL was never allowed on the wire.
    static let nul = Reply(.malformedContent, "The message has a NUL in it")
    static let bareLineEnd = Reply(.bareLineEnd, "A CR or LF stands alone; lines end in CR LF")
    static let textLineTooLong = Reply(.lineTooLong, "A line of the message is too long")
    static let localError = Reply(.localError, "Local error, try again later")

    static let tooManyErrors = Reply(.tooManyErrors, "Too many rejected commands")
    static let tooManyIdleCommands = Reply(.tooManyErrors, "Too many commands without a message")
    static let injection = Reply(.tooManyErrors, "Bytes in clear behind STARTTLS")
    public static let timeout = Reply(.timeout, "Timeout")
    public static let shuttingDown = Reply(.shuttingDown, "Shutting down, try again soon")
    public static let tooManySessions = Reply(.tooManyConnections, "Too many connections")
    public static let insufficientStorage = Reply(.insufficientStorage, "No room for a message now, try again later")

    /// RFC 5321 section 4.3.1.
    public static let spokeFirst = Reply(ReplyStatus(554, 5, 1), "You spoke before the greeting")
    public static let tooManySessionsPerMinute = Reply(.tooManyConnections, "Too many connections, try again later")
    public static let tooManyMessagesPerMinute = Reply(.greylisted, "Too many messages, try again later")
    public static let tooManyRecipientsPerMinute = Reply(.greylisted, "Too many recipients, try again later")

    static func needHello(isLMTP: Bool) -> Reply { isLMTP ? Reply(.badSequence, "Send LHLO first") : needHello }
    static func wrongHello(isLMTP: Bool) -> Reply {
        Reply(ReplyStatus(500, 5, 1), isLMTP ? "This is LMTP: send LHLO" : "This is SMTP: send EHLO")
    }
    static func greeting(_ hostname: String, isLMTP: Bool = false) -> Reply {
        Reply(ReplyStatus(bare: 220), hostname + (isLMTP ? " LMTP Postern" : " ESMTP Postern"))
    }
    static func helo(_ hostname: String) -> Reply { Reply(ReplyStatus(bare: 250), hostname) }

    /// RFC 5321 section 4.1.1.1.
    static func ehlo(_ hostname: String, _ extensions: [String]) -> Reply {
        Reply(ReplyStatus(bare: 250), lines: [hostname] + extensions)
    }

    static func refusal(_ fault: CommandFault) -> Reply {
        switch fault {
        case .unknown: Reply(.unknownCommand, "Unknown command")
        case .notImplemented: Reply(.notImplemented, "Command not implemented")
        case .characters: Reply(.syntaxError, "Characters that no command may have")
        case .bareLineFeed: Reply(.syntaxError, "A line ends in CR LF")
        case .tooLong: Reply(.lineTooLong, "Line too long")
        case .arguments(let verb): Reply(.badArguments, "Syntax: " + syntax(verb))
        case .sender: Reply(ReplyStatus(501, 1, 7), "Malformed sender address")
        case .recipient: Reply(.badAddress, "Malformed recipient address")
        case .internationalAddress: Reply(ReplyStatus(553, 6, 7), "Such an address needs SMTPUTF8")
        case .parameter: Reply(.badParameter, "Unknown parameter")
        case .parameterValue: Reply(.badArguments, "Malformed parameter")
        }
    }

    private static func syntax(_ verb: Verb) -> String {
        switch verb {
        case .ehlo, .helo, .lhlo: verb.word + " hostname"
        case .bdat: "BDAT size [LAST]"
        case .auth: "AUTH mechanism [initial-response]"
        case .xclient: "XCLIENT name=value ..."
        case .mail: "MAIL FROM:<address>"
        case .rcpt: "RCPT TO:<address>"
        case .vrfy: "VRFY address"
        default: verb.word
        }
    }
}
