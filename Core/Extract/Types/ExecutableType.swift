/// What a file that begins with `MZ` is: a portable executable, or one of the older kinds.
enum ExecutableType {
    static func type(of bytes: UnsafeRawBufferPointer) -> String {
        if bytes.count >= 64 {
            let place = Int(bytes.loadUnaligned(fromByteOffset: 60, as: UInt32.self).littleEndian)
            if place + 4 <= bytes.count, bytes[place..<place + 4].elementsEqual([80, 69, 0, 0]) {
                return "application/vnd.microsoft.portable-executable"
            }
            if place + 2 <= bytes.count, ["NE", "LE", "LX"].contains(where: { bytes[place..<place + 2].elementsEqual($0.utf8) }) {
                return "application/x-dosexec"
            }
        }
        // Two letters begin a text as well: a program has bytes that no text has.
        return bytes.prefix(64).contains(0) ? "application/x-dosexec" : TextType.type(of: bytes) ?? "application/x-dosexec"
    }
}

/// tar without its later mark: a header whose checksum is right.
enum TarType {
    static func hasChecksum(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 512, bytes[0] != 0 else { return false }
        var sum = 0
        for place in 0..<512 { sum += (148..<156).contains(place) ? 32 : Int(bytes[place]) }
        var stated = 0
        var digits = 0
        for byte in bytes[148..<156].drop(while: { $0 == 32 }) {
            guard (48...55).contains(byte) else { break }
            stated = stated * 8 + Int(byte - 48)
            digits += 1
        }
        return digits > 1 && stated == sum
    }
}
