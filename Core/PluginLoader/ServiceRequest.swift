import Mail

/// What a run asks of its home. A value, so that a worker can hand it on to the gateway.
public enum ServiceRequest: Hashable, Sendable {
    case dns(DNSQuestion)
    case timer(Duration)
    case state(StateRequest)
    case http(HTTPRequest)
    /// Ended by a thread of the plugin's own, in the process that it runs in: no home is asked.
    case token
}

extension ServiceRequest {
    /// What it weighs, about, on its way to another process.
    public var bytes: Int {
        switch self {
        case .dns(let question): question.name.utf8.count + 32
        case .timer, .token: 32
        case .state(let request): request.bytes
        case .http(let request): request.body.count + (24 << 10)
        }
    }
}

/// The end of what was asked for.
public enum ServiceAnswer: Hashable, Sendable {
    /// It has happened, and there is nothing to say of it: a timer.
    case nothing
    case dns(DNSAnswer)
    case state(StateAnswer)
    case http(HTTPAnswer)
    /// Of a token.
    case bytes([UInt8])
    /// It could not be done; the text is for the log.
    case failed(String)
}

/// Something under way for a run.
public protocol ServiceWork: Sendable {
    /// Nobody waits for it any more. Any thread; what still comes is not looked at.
    func cancel()
}

extension ServiceRequest: CustomStringConvertible {
    /// `dns A 2.0.0.127.zen.example`
    public var description: String {
        switch self {
        case .dns(let question): "dns \(question.type.word) \(question.name)"
        case .timer(let delay): "timer \(delay.inTenths)"
        case .state(let request): "state \(request.action.word)"
        case .http(let request): "http \(request.method) \(request.url.origin)"
        case .token: "token"
        }
    }
}

extension StateRequest.Action {
    fileprivate var word: String {
        switch self {
        case .get: "get"
        case .put: "put"
        case .remove: "remove"
        case .count: "count"
        case .reset: "reset"
        case .scan: "scan"
        }
    }
}

extension Duration {
    /// `1.2s`
    public var inTenths: String {
        let tenths = max(0, microseconds) / 100_000
        return "\(tenths / 10).\(tenths % 10)s"
    }
}

extension DNSType {
    /// As in zone files; `TYPE123` (RFC 3597) for others.
    fileprivate var word: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .cname: "CNAME"
        case .soa: "SOA"
        case .ptr: "PTR"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .tlsa: "TLSA"
        default: "TYPE\(rawValue)"
        }
    }
}
