/// One request of a filter to an HTTP server (`postern.http/1`). Values only: it may have come from another process.
public struct HTTPRequest: Hashable, Sendable {
    public var method: String
    public var url: HTTPURL
    public var headers: [HTTPHeader]
    public var body: [UInt8]
    /// For all of it, connecting included.
    public var timeout: Duration
    /// Of the answer's body; what is past it is cut off.
    public var mostBytes: Int

    public enum Most {
        public static let headers = 64
        /// Names and values together.
        public static let headerBytes = 16 << 10
        public static let bodyBytes = 1 << 20
        public static let answerBytes = 1 << 20
        public static let timeout = Duration.seconds(120)
    }

    public static let usualTimeout = Duration.seconds(10)
    public static let usualAnswerBytes = 64 << 10

    public static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// RFC 9110 section 9.2.2: may be sent again when it is not known what became of it.
    public var isIdempotent: Bool { method != "POST" && method != "PATCH" }
    /// Fields that say how the message is sent: the gateway's own.
    public static let ownFields: Set<String> = [
        "host", "connection", "keep-alive", "proxy-connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect",
    ]

    public init(
        method: String = "GET", url: HTTPURL, headers: [HTTPHeader] = [], body: [UInt8] = [], timeout: Duration = usualTimeout,
        mostBytes: Int = usualAnswerBytes
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.mostBytes = mostBytes
    }

    /// What makes it impossible; nil: nothing does.
    public var objection: Objection? {
        if headers.count > Most.headers || headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) > Most.headerBytes
            || body.count > Most.bodyBytes
        {
            return .tooLong
        }
        guard Self.methods.contains(method), timeout > .zero, timeout <= Most.timeout, (1...Most.answerBytes).contains(mostBytes),
            headers.allSatisfy({ $0.isSafe && !Self.ownFields.contains($0.name.lowercased()) })
        else { return .senseless }
        return nil
    }

    /// What it and its answer may hold in memory while it is under way.
    public var bytes: Int { body.count + mostBytes + 4096 }

    public enum Objection: String, Hashable, Sendable {
        case tooLong = "header or body is too long"
        case senseless = "a request that makes no sense"
    }
}

/// One field of a request's or answer's header.
public struct HTTPHeader: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// A token (RFC 9110 section 5.6.2), and a value without control characters: neither can make a field of its own.
    var isSafe: Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0 | 0x20) || Self.marks.contains($0)
            } && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static let marks = Set("!#$%&'*+-.^_`|~".utf8)
}
