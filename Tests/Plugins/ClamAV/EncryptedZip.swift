/// A ZIP archive with one stored member that says it is encrypted (APPNOTE 4.4.4, bit 0): its bytes are noise.
enum EncryptedZip {
    static let bytes: [UInt8] = {
        let name = Array("secret.txt".utf8)
        let data = [UInt8]((0..<64).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 41) })
        func half(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
        func word(_ value: Int) -> [UInt8] { half(value) + half(value >> 16) }
        // Version, flags, method, time, date, CRC-32, sizes, lengths of name and extra.
        let common =
            half(20) + half(1) + half(0) + half(0) + half(0x5A21) + word(0x1234_5678) + word(data.count) + word(data.count - 12)
            + half(name.count) + half(0)
        let local = word(0x0403_4B50) + common + name + data
        let central = word(0x0201_4B50) + half(20) + common + half(0) + half(0) + half(0) + word(0) + word(0) + name
        let end = word(0x0605_4B50) + half(0) + half(0) + half(1) + half(1) + word(central.count) + word(local.count) + half(0)
        return local + central + end
    }()
}
