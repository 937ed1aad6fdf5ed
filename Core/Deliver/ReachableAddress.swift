import Mail

/// Which addresses mail may be sent to when it is not the operator who names them, but a zone or a sender's address literal: none that
/// leads to this machine or to no machine at all (RFC 6890). Private networks are the operator's to fence off.
enum ReachableAddress {
    static func isOne(_ address: IPAddress) -> Bool {
        !none.contains { address.isIn($0.0, prefix: $0.1) }
    }

    private static let none: [(IPAddress, Int)] = [
        ("0.0.0.0", 8), ("127.0.0.0", 8), ("169.254.0.0", 16), ("224.0.0.0", 4), ("240.0.0.0", 4), ("::", 127), ("fe80::", 10),
        ("ff00::", 8),
    ].map { (IPAddress($0.0)!, $0.1) }
}
