import PosternKit

/// Who writes to whom from where, and the names under which that is remembered. Pure.
struct Triplet: Hashable, Sendable {
    /// /24 or /64: a provider's servers share their retries, and one host its addresses.
    let network: Network
    /// Folded (`SenderAddress`); empty for the null sender.
    let sender: [UInt8]
    let recipient: [UInt8]

    /// `client`: 4 or 16 bytes, unmapped.
    init(client: [UInt8], sender: String?, recipient: String) {
        network = Network(of: client, prefix: client.count == 4 ? 24 : 64)
        self.sender = sender.map(SenderAddress.folded) ?? []
        self.recipient = SenderAddress.lowercased(recipient)
    }

    var key: StateKey { Self.key("t", networkBytes, sender, [0], recipient) }
    var networkKey: StateKey { Self.key("n", networkBytes) }
    /// Counters: the network's triplets that began to wait, and those that came back.
    var begunKey: StateKey { Self.key("w", networkBytes) }
    var backKey: StateKey { Self.key("b", networkBytes) }

    private var networkBytes: [UInt8] { [UInt8(network.octets.count)] + network.octets.prefix(network.prefix / 8) }

    /// `mailbox`, ours, has written to `other`.
    static func correspondence(of mailbox: String, with other: String) -> StateKey {
        key("c", SenderAddress.lowercased(mailbox), [0], SenderAddress.original(other))
    }

    static let longestKey = 512

    /// What is too long for a key stands there as a digest: who finds two with the same has gained nothing.
    private static func key(_ kind: String, _ parts: [UInt8]...) -> StateKey {
        let bytes = Array(parts.joined())
        if bytes.count + 2 <= longestKey { return StateKey(Array("\(kind)/".utf8) + bytes) }
        var (a, b) = (0xCBF2_9CE4_8422_2325 as UInt64, 0x8422_2325_CBF2_9CE4 as UInt64)
        for byte in bytes {
            a = (a ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            b = (b &+ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
            b ^= b >> 29
        }
        return StateKey("\(kind)#\(String(a, radix: 16))-\(String(b, radix: 16))")
    }
}
