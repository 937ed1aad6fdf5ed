/// An SMTP reply: a status and its lines of text (RFC 5321 section 4.2, RFC 2034).
public struct Reply: Hashable, Sendable, CustomStringConvertible {
    public var status: ReplyStatus
    /// One element a line, without CR LF; never empty on the wire (an empty array is sent as one empty line).
    public var lines: [String]

    public init(_ status: ReplyStatus, _ lines: String...) {
        self.status = status
        self.lines = lines
    }

    public init(_ status: ReplyStatus, lines: [String]) {
        self.status = status
        self.lines = lines
    }

    public var code: Int { status.code }
    public var isPositive: Bool { status.code < 400 }
    public var isTransient: Bool { (400..<500).contains(status.code) }
    public var isPermanent: Bool { status.code >= 500 }

    /// One line for logs: `550 5.1.1 text / text`.
    public var description: String {
        let text = lines.joined(separator: " / ")
        return status.enhanced.isEmpty ? "\(code) \(text)" : "\(code) \(status.enhanced) \(text)"
    }
}

/// A reply code with its enhanced status code. The class of the latter is the code's first digit, so that the two cannot disagree.
public struct ReplyStatus: Hashable, Sendable {
    /// 200 to 599.
    public let code: Int
    /// Subject and detail of RFC 3463, or nil where the RFCs give none (greeting, EHLO, 354).
    public let subject: Int?
    public let detail: Int

    public init(_ code: Int, _ subject: Int, _ detail: Int) {
        self.code = min(max(code, 200), 599)
        self.subject = subject
        self.detail = detail
    }

    public init(bare code: Int) {
        self.code = min(max(code, 200), 599)
        subject = nil
        detail = 0
    }

    /// `5.1.1`, or empty.
    public var enhanced: String { subject.map { "\(code / 100).\($0).\(detail)" } ?? "" }

    public static let ok = ReplyStatus(250, 0, 0)
    public static let senderOK = ReplyStatus(250, 1, 0)
    public static let recipientOK = ReplyStatus(250, 1, 5)
    public static let closing = ReplyStatus(221, 0, 0)
    public static let readyForTLS = ReplyStatus(220, 0, 0)
    public static let cannotVerify = ReplyStatus(252, 5, 0)
    public static let startMailInput = ReplyStatus(bare: 354)

    public static let shuttingDown = ReplyStatus(421, 3, 2)
    public static let tooManyConnections = ReplyStatus(421, 7, 0)
    public static let timeout = ReplyStatus(421, 4, 2)
    public static let tooManyErrors = ReplyStatus(421, 7, 0)
    public static let localError = ReplyStatus(451, 3, 0)
    public static let notNow = ReplyStatus(451, 7, 1)
    public static let greylisted = ReplyStatus(450, 7, 1)
    public static let tooManyRecipients = ReplyStatus(452, 5, 3)
    public static let insufficientStorage = ReplyStatus(452, 3, 1)
    public static let tlsNotAvailable = ReplyStatus(454, 7, 0)

    public static let syntaxError = ReplyStatus(500, 5, 2)
    public static let lineTooLong = ReplyStatus(500, 5, 6)
    public static let unknownCommand = ReplyStatus(500, 5, 1)
    public static let badArguments = ReplyStatus(501, 5, 4)
    public static let badAddress = ReplyStatus(501, 1, 3)
    public static let notImplemented = ReplyStatus(502, 5, 1)
    public static let badSequence = ReplyStatus(503, 5, 1)
    public static let badParameter = ReplyStatus(555, 5, 4)
    public static let mustUseTLS = ReplyStatus(530, 7, 0)
    public static let unknownRecipient = ReplyStatus(550, 1, 1)
    public static let bareLineEnd = ReplyStatus(550, 5, 2)
    public static let malformedContent = ReplyStatus(550, 6, 0)
    public static let authenticated = ReplyStatus(235, 7, 0)
    public static let authenticationFailed = ReplyStatus(535, 7, 8)
    public static let authenticationRequired = ReplyStatus(530, 7, 0)
    public static let authenticationUnavailable = ReplyStatus(454, 7, 0)
    public static let refused = ReplyStatus(550, 7, 1)
    public static let messageTooLarge = ReplyStatus(552, 3, 4)
    public static let relayDenied = ReplyStatus(554, 7, 1)
    public static let noValidRecipients = ReplyStatus(554, 5, 1)
    public static let loopDetected = ReplyStatus(554, 4, 6)
}
