import PosternKit

/// What a zone's answer means (RFC 5782 section 2). Pure.
enum Listing: Equatable {
    /// Not listed, or with codes that the settings give no weight.
    case clean
    /// The codes that count, distinct and in order, and their weights added.
    case listed(codes: [UInt32], weight: Double)
    /// Neither listed nor clean; the reason is for people.
    case unknown(String)

    init(_ answer: DNSAnswer, of zone: Zone) {
        switch answer.status {
        case .noData, .nameError: self = .clean
        case .timeout: self = .unknown("timeout")
        case .cancelled: self = .unknown("cancelled")
        case .failed: self = .unknown(answer.detail.isEmpty ? "failed" : answer.detail)
        case .found:
            let addresses = Set(answer.ipv4).sorted()
            if addresses.isEmpty { self = .unknown("malformed answer") } else { self.init(addresses, of: zone) }
        }
    }

    private init(_ addresses: [UInt32], of zone: Zone) {
        // One address that no list gives, and the whole answer comes from something that is no list.
        if let error = addresses.first(where: { !CodeRange.codes.contains($0) || CodeRange.errors.contains($0) }) {
            self = .unknown("answered \(CodeRange.text(error)), which is no listing")
            return
        }
        let counted = addresses.compactMap { code in zone.weight(of: code).map { (code, $0) } }
        self = counted.isEmpty ? .clean : .listed(codes: counted.map(\.0), weight: counted.reduce(0) { $0 + $1.1 })
    }
}
