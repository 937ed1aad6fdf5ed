import Mail

/// Something that a run waits for.
struct PendingOperation {
    enum Kind {
        case dns(DNSQuestion, (any DNSQuery)?)
        case timer(Duration, any ScheduledWork)
    }

    var kind: Kind
    var since: Timestamp

    func cancel() {
        switch kind {
        case .dns(_, let query): query?.cancel()
        case .timer(_, let work): work.cancel()
        }
    }

    /// `dns A 2.0.0.127.zen.example 1.2s`
    func description(at now: Timestamp) -> String {
        let age = Self.seconds(now - since)
        switch kind {
        case .dns(let question, _): return "dns \(question.type.word) \(question.name) \(age)"
        case .timer(let delay, _): return "timer \(Self.seconds(delay)) \(age)"
        }
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = max(0, duration.microseconds) / 100_000
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
