import CPostern

/// One question to the DNS.
public struct DNSQuestion: Hashable, Sendable {
    /// Presentation form without final dot.
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
    /// Seconds.
    public var ttl: UInt32
    /// The end of a CNAME chain.
    public var canonicalName: String?
    /// Why, when `status` is `failed`.
    public var detail: String

    public init(
        _ status: Status, security: Security = .indeterminate, records: [[UInt8]] = [], ttl: UInt32 = 0, canonicalName: String? = nil,
        detail: String = ""
    ) {
        self.status = status
        self.security = security
        self.records = records
        self.ttl = ttl
        self.canonicalName = canonicalName
        self.detail = detail
    }

    /// `failed` and `timeout` mean not known, never "not there".
    public enum Status: Int32, Sendable { case found, noData, nameError, failed, timeout, cancelled }

    /// RFC 4035 section 4.3.
    public enum Security: Int32, Sendable { case indeterminate, insecure, secure, bogus }

    /// The addresses of A records, in order; malformed ones are left out.
    public var ipv4: [UInt32] {
        records.compactMap { $0.count == 4 ? $0.reduce(0) { $0 << 8 | UInt32($1) } : nil }
    }

    /// The texts of TXT records, each with its strings joined.
    public var texts: [String] {
        records.map { record in
            var text: [UInt8] = []
            var at = 0
            while at < record.count {
                let end = min(at + 1 + Int(record[at]), record.count)
                text += record[(at + 1)..<end]
                at = end
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    init(_ completion: postern_completion) {
        guard completion.status == POSTERN_OK, let result = completion.result?.assumingMemoryBound(to: postern_dns_answer.self) else {
            self.init(.failed, detail: "no answer (status \(completion.status))")
            return
        }
        let c = result.pointee
        var records: [[UInt8]] = []
        records.reserveCapacity(Int(c.record_count))
        for i in 0..<Int(c.record_count) {
            guard let base = c.records else { break }
            let record = UnsafeRawPointer(base).load(fromByteOffset: i * Int(c.record_size), as: postern_bytes.self)
            records.append([UInt8](record.buffer))
        }
        self.init(
            Status(rawValue: c.status) ?? .failed, security: Security(rawValue: c.security) ?? .indeterminate, records: records, ttl: c.ttl,
            canonicalName: c.canonical_name.length == 0 ? nil : c.canonical_name.text, detail: c.detail.text)
    }
}
