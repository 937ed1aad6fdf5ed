/// Asks the DNS. Any thread; the completion comes exactly once, on any thread, even when the answer is at hand.
public protocol Resolver: Sendable {
    @discardableResult
    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery

    /// `freed` comes exactly once too, on any thread: when the resolver holds nothing of the question any more and could take another in its place.
    /// For one that is given up, or times out, that may be long after its completion. It must be short.
    @discardableResult
    func resolve(
        _ question: DNSQuestion, freed: @escaping @Sendable () -> Void, completion: @escaping @Sendable (DNSAnswer) -> Void
    ) -> any DNSQuery
}

extension Resolver {
    /// Of one that is done with a question when it completes it.
    @discardableResult
    public func resolve(
        _ question: DNSQuestion, freed: @escaping @Sendable () -> Void, completion: @escaping @Sendable (DNSAnswer) -> Void
    ) -> any DNSQuery {
        resolve(question) {
            freed()
            completion($0)
        }
    }
}

/// A question under way.
public protocol DNSQuery: Sendable {
    /// The completion then comes with `.cancelled`, unless it has come already.
    func cancel()
}

public struct DNSQuestion: Hashable, Sendable {
    /// Presentation form without final dot; escapes as in RFC 1035 section 5.1.
    public var name: String
    public var type: DNSType
    public init(_ name: String, _ type: DNSType) {
        self.name = name
        self.type = type
    }
}

public struct DNSType: Hashable, Sendable, RawRepresentable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let a = DNSType(rawValue: 1)
    public static let ns = DNSType(rawValue: 2)
    public static let cname = DNSType(rawValue: 5)
    public static let soa = DNSType(rawValue: 6)
    public static let ptr = DNSType(rawValue: 12)
    public static let mx = DNSType(rawValue: 15)
    public static let txt = DNSType(rawValue: 16)
    public static let aaaa = DNSType(rawValue: 28)
    public static let tlsa = DNSType(rawValue: 52)
}

public struct DNSAnswer: Hashable, Sendable {
    public var status: Status
    public var security: Security
    /// RDATA in wire form, names in it uncompressed.
    public var records: [[UInt8]]
    /// Seconds; 0 where unknown.
    public var ttl: UInt32
    /// At the end of the CNAME chain, if there was one.
    public var canonicalName: String?
    /// Why, when status is `.failed`: for the log.
    public var detail: String

    public init(
        status: Status, security: Security = .insecure, records: [[UInt8]] = [], ttl: UInt32 = 0, canonicalName: String? = nil,
        detail: String = ""
    ) {
        self.status = status
        self.security = security
        self.records = records
        self.ttl = ttl
        self.canonicalName = canonicalName
        self.detail = detail
    }

    public enum Status: Int32, Sendable {
        /// NOERROR with at least one record of the type asked for.
        case found = 0
        /// NOERROR, none of that type.
        case noData = 1
        /// NXDOMAIN.
        case nameError = 2
        /// SERVFAIL, REFUSED, a malformed answer, or bogus signatures.
        case failed = 3
        case timeout = 4
        case cancelled = 5
    }

    /// RFC 4035 section 4.3.
    public enum Security: Int32, Sendable { case indeterminate = 0, insecure = 1, secure = 2, bogus = 3 }
}
