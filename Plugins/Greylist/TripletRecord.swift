/// What is remembered of a triplet: its first attempt, or that it came back. Pure.
enum TripletRecord: Equatable, Sendable {
    /// Microseconds since 1970.
    case waiting(since: Int64)
    case cameBack(at: Int64)

    /// nil: nothing that this version has written.
    init?(_ bytes: [UInt8]) {
        guard let (kind, time) = Self.decode(bytes) else { return nil }
        switch kind {
        case UInt8(ascii: "w"): self = .waiting(since: time)
        case UInt8(ascii: "b"): self = .cameBack(at: time)
        default: return nil
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .waiting(let time): Self.encode(UInt8(ascii: "w"), time)
        case .cameBack(let time): Self.encode(UInt8(ascii: "b"), time)
        }
    }

    /// One letter and a number of eight bytes, the most significant first.
    static func encode(_ kind: UInt8, _ number: Int64) -> [UInt8] {
        [kind] + (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: number) >> UInt64(56 - 8 * $0)) }
    }

    static func decode(_ bytes: [UInt8]) -> (kind: UInt8, number: Int64)? {
        guard bytes.count == 9 else { return nil }
        return (bytes[0], Int64(bitPattern: bytes[1...].reduce(0) { $0 << 8 | UInt64($1) }))
    }
}
