import CPostern

/// The SMTP session of a call. Reads the host's memory: use it during the call.
public struct Session {
    private let raw: UnsafePointer<postern_session>
    init(_ raw: UnsafePointer<postern_session>) { self.raw = raw }

    /// Unique in this gateway process.
    public var id: UInt64 { raw.pointee.id }
    public var isOutbound: Bool { has(POSTERN_SESSION_OUTBOUND) }
    public var isESMTP: Bool { has(POSTERN_SESSION_ESMTP) }
    public var isEncrypted: Bool { has(POSTERN_SESSION_TLS) }
    public var client: ClientAddress {
        withUnsafeBytes(of: raw.pointee.client) { ClientAddress(octets: Array($0.prefix(raw.pointee.client_family == 4 ? 4 : 16))) }
    }
    public var clientPort: Int { Int(raw.pointee.client_port) }
    /// As the client wrote it; nil before HELO or EHLO.
    public var helo: String? { has(POSTERN_SESSION_HELO) ? raw.pointee.helo.text : nil }
    public var login: String? { has(POSTERN_SESSION_LOGIN) ? raw.pointee.login.text : nil }
    /// `TLSv1.3`
    public var tlsVersion: String? { isEncrypted ? raw.pointee.tls_version.text : nil }

    private func has(_ flag: UInt32) -> Bool { raw.pointee.flags & flag != 0 }
}

/// MAIL and what came after it. Reads the host's memory: use it during the call.
public struct Transaction {
    private let raw: UnsafePointer<postern_transaction>
    init(_ raw: UnsafePointer<postern_transaction>) { self.raw = raw }

    /// Without angle brackets; nil for the null sender.
    public var reversePath: String? {
        raw.pointee.flags & POSTERN_TRANSACTION_NULL_SENDER != 0 ? nil : raw.pointee.reverse_path.text
    }
    /// In lower case; nil for the null sender.
    public var reversePathDomain: String? {
        raw.pointee.flags & POSTERN_TRANSACTION_NULL_SENDER != 0 ? nil : raw.pointee.reverse_path_domain.text
    }
    public var queueID: String { raw.pointee.queue_id.text }
    /// Recipients so far; their indices are 0 ..< recipientCount.
    public var recipientCount: Int { Int(raw.pointee.recipient_count) }

    public func recipient(_ index: Int) -> Recipient? {
        var out = postern_recipient()
        out.size = UInt32(MemoryLayout<postern_recipient>.size)
        guard index >= 0, index < recipientCount, raw.pointee.recipient(raw, UInt32(index), &out) == POSTERN_OK else { return nil }
        return Recipient(address: out.address.text, domain: out.domain.text)
    }
}

/// One RCPT TO.
public struct Recipient: Hashable, Sendable {
    public var address: String
    /// In lower case.
    public var domain: String
}
