/// What BinHex says of a file in front of its two forks (RFC 1741 appendix A).
struct BinHexHeader {
    /// Bytes of the sender's charset.
    let name: [UInt8]
    let dataLength: Int
    let resourceLength: Int
    /// Its checksum is right.
    let isIntact: Bool

    /// Reads it from the beginning of `stream`; nil: there is none.
    init?(_ stream: inout BinHexStream) {
        var sum = BinHexChecksum()
        func bytes(_ count: Int) -> [UInt8]? {
            var out: [UInt8] = []
            while out.count < count {
                guard let byte = stream.next() else { return nil }
                sum.add(byte)
                out.append(byte)
            }
            return out
        }
        // A version, a type, a creator, flags, two lengths.
        guard let length = bytes(1), length[0] <= 63, let name = bytes(Int(length[0])), bytes(11) != nil, let lengths = bytes(8),
            let stated = stream.nextShort()
        else { return nil }
        self.name = name
        dataLength = lengths[..<4].reduce(0) { $0 << 8 | Int($1) }
        resourceLength = lengths[4...].reduce(0) { $0 << 8 | Int($1) }
        isIntact = stated == sum.value
    }
}
