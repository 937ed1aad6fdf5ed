/// How many messages of a network came back, and the last of them, so that each counts once however many recipients it has. Pure.
struct NetworkRecord: Equatable, Sendable {
    private(set) var count = 0
    /// Digests of the messages' IDs, the newest last.
    private var recent: [UInt64] = []

    /// Messages that may come back at the same time.
    static let most = 16

    init() {}

    /// nil: nothing that this version, or one before it, has written.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 9, bytes.count <= 9 + 8 * Self.most, (bytes.count - 9) % 8 == 0,
            let (kind, number) = TripletRecord.decode(Array(bytes[..<9])), kind == UInt8(ascii: "n"), number >= 0
        else { return nil }
        count = Int(number)
        for start in stride(from: 9, to: bytes.count, by: 8) {
            recent.append(bytes[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) })
        }
    }

    var bytes: [UInt8] {
        TripletRecord.encode(UInt8(ascii: "n"), Int64(count))
            + recent.flatMap { digest in (0..<8).map { UInt8(truncatingIfNeeded: digest >> UInt64(56 - 8 * $0)) } }
    }

    /// False: it was counted before.
    mutating func add(_ message: String) -> Bool {
        var digest = 0xCBF2_9CE4_8422_2325 as UInt64
        for byte in message.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        if recent.contains(digest) { return false }
        if recent.count == Self.most { recent.removeFirst() }
        recent.append(digest)
        if count < Int.max { count += 1 }
        return true
    }
}
