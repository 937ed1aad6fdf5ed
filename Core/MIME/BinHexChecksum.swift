/// The cyclic redundancy check of BinHex: x^16 + x^12 + x^5 + 1, from zero.
struct BinHexChecksum {
    private(set) var value: UInt16 = 0

    @inline(__always) mutating func add(_ byte: UInt8) { value = value << 8 ^ Self.table[Int(value >> 8) ^ Int(byte)] }

    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
    }
}
