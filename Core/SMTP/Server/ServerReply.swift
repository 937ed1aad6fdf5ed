import Mail

/// Every text that the server itself says. The peer gets something generic; the detail goes to the log.
public enum ServerReply {
    static let ok = Reply(.ok, "OK")
    static let senderOK = Reply(.senderOK, "Sender OK")
    static let startMailInput = Reply(.startMailInput, "End data with <CR><LF>.<CR><LF>")
    static let cannotVerify = Reply(.cannotVerify, "Send a message, it will be tried")
    static let readyForTLS = Reply(.readyForTLS, "Ready to start TLS")
    static let closing = Reply(.closing, "Bye")

    static let needHello = Reply(.badSequence, "Send EHLO first")
    static let needMail = Reply(.badSequence, "Send MAIL first")
    static let needRecipient = Reply(.badSequence, "Send RCPT first")
    static let nestedMail = Reply(.badSequence, "A transaction is open already")
    static let tlsIsActive = Reply(.badSequence, "TLS is active already")
    static let mustUseTLS = Reply(.mustUseTLS, "Send STARTTLS first")
    static let tlsNotAvailable = Reply(.notImplemented, "STARTTLS is not offered")
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

    static func greeting(_ hostname: String) -> Reply { Reply(ReplyStatus(bare: 220), hostname + " ESMTP Postern") }
    static func helo(_ hostname: String) -> Reply { Reply(ReplyStatus(bare: 250), hostname) }

    /// RFC 5321 section 4.1.1.1; RFCs 2920, 1870, 6152, 2034, 3207.
    static func ehlo(_ hostname: String, messageSize: Int, offersTLS: Bool) -> Reply {
        var lines = [hostname, "PIPELINING", "SIZE \(messageSize)", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if offersTLS { lines.append("STARTTLS") }
        return Reply(ReplyStatus(bare: 250), lines: lines)
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
        case .internationalAddress: Reply(ReplyStatus(553, 6, 7), "Non-ASCII addresses are not supported")
        case .parameter: Reply(.badParameter, "Unknown parameter")
        case .parameterValue: Reply(.badArguments, "Malformed parameter")
        }
    }

    private static func syntax(_ verb: Verb) -> String {
        switch verb {
        case .ehlo, .helo: verb.word + " hostname"
        case .mail: "MAIL FROM:<address>"
        case .rcpt: "RCPT TO:<address>"
        case .vrfy: "VRFY address"
        default: verb.word
        }
    }
}
