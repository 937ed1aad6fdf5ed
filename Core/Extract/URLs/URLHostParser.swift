/// Host parsing (URL standard, section 3.5).
enum URLHostParser {
    static func parse(_ input: [UInt8], isSpecial: Bool) -> URLHost? {
        if input.first == UInt8(ascii: "[") {
            guard input.last == UInt8(ascii: "]"), input.count > 1 else { return nil }
            return ipv6(input.dropFirst().dropLast()).map(URLHost.ipv6)
        }
        if !isSpecial { return opaque(input) }
        if let name = plainName(input) { return .domain(name) }
        guard let name = DomainToASCII.ascii(PercentEncodeSet.decode(input)), !name.isEmpty, !name.contains(where: isForbiddenInDomain)
        else {
            return nil
        }
        if endsInNumber(name) { return ipv4(name).map(URLHost.ipv4) }
        return .domain(String(decoding: name, as: UTF8.self))
    }

    /// Letters and digits of ASCII in lower case, where nothing is encoded and the last label, which no digit begins, is no number: most hosts.
    private static func plainName(_ input: [UInt8]) -> String? {
        var last: UInt8 = 0x2E
        var labelStart: UInt8 = 0
        for byte in input {
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x5F: break
            case 0x2E: break
            case 0x2D: if last == 0x2D { return nil }
            default: return nil
            }
            if last == 0x2E { labelStart = byte }
            last = byte
        }
        guard !input.isEmpty, last != 0x2E, labelStart &- 0x30 > 9 else { return nil }
        return String(unsafeUninitializedCapacity: input.count) { out in
            for (at, byte) in input.enumerated() { out[at] = byte &- 65 < 26 ? byte | 0x20 : byte }
            return input.count
        }
    }

    private static func opaque(_ input: [UInt8]) -> URLHost? {
        if input.isEmpty { return .empty }
        if input.contains(where: isForbidden) { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(input.count)
        for byte in input { PercentEncodeSet.control.append(byte, to: &out) }
        return .opaque(String(decoding: out, as: UTF8.self))
    }

    /// NUL, tab, line ends, a space and # / : < > ? @ [ \\ ] ^ |
    private static func isForbidden(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, 9, 10, 13, 0x20, 0x23, 0x2F, 0x3A, 0x3C, 0x3E, 0x3F, 0x40, 0x5B...0x5E, 0x7C: true
        default: false
        }
    }

    private static func isForbiddenInDomain(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "%") || byte == 0x7F || isForbidden(byte)
    }

    // MARK: IPv4

    private static func labels(_ name: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last!.isEmpty { parts.removeLast() }
        return parts
    }

    private static func endsInNumber(_ name: [UInt8]) -> Bool {
        let last = labels(name).last ?? []
        if !last.isEmpty, last.allSatisfy({ (48...57).contains($0) }) { return true }
        return number(last) != nil
    }

    /// Decimal, `0x` or `0`: nil for what is no number. Larger than 2^32 is 2^32.
    private static func number(_ text: ArraySlice<UInt8>) -> UInt64? {
        var digits = text
        var radix: UInt64 = 10
        if digits.isEmpty { return nil }
        if digits.count >= 2, digits.first == 48 {
            let isHexadecimal = digits[digits.startIndex + 1] | 0x20 == UInt8(ascii: "x")
            radix = isHexadecimal ? 16 : 8
            digits = digits.dropFirst(isHexadecimal ? 2 : 1)
        }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = Hexadecimal.value(byte), digit < radix else { return nil }
            value = min(value * radix + UInt64(digit), 1 << 32)
        }
        return value
    }

    private static func ipv4(_ name: [UInt8]) -> UInt32? {
        let parts = labels(name)
        guard parts.count <= 4 else { return nil }
        var address: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let value = number(part) else { return nil }
            if index < parts.count - 1 {
                guard value <= 255 else { return nil }
                address += value << UInt64(24 - 8 * index)
            } else {
                guard value < 1 << UInt64(8 * (5 - parts.count)) else { return nil }
                address += value
            }
        }
        return UInt32(address)
    }

    // MARK: IPv6

    private static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        var groups = [UInt16](repeating: 0, count: 8)
        var index = 0
        var compress: Int?
        var rest = text
        func isColon(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: ":") }
        if isColon(rest.first) {
            guard isColon(rest.dropFirst().first) else { return nil }
            rest = rest.dropFirst(2)
            index = 1
            compress = 1
        }
        // The first of the eight is the compressed one here, so that one less fits.
        while let first = rest.first {
            if index == 8 { return nil }
            if isColon(first) {
                if compress != nil { return nil }
                rest.removeFirst()
                index += 1
                compress = index
                continue
            }
            var value: UInt16 = 0
            var length = 0
            while length < 4, let digit = rest.first.flatMap(Hexadecimal.value) {
                value = value << 4 | UInt16(digit)
                rest.removeFirst()
                length += 1
            }
            if rest.first == UInt8(ascii: ".") {
                // The IPv4 tail begins with the digits just read.
                guard length > 0, index <= 6, let tail = dotted(text[(rest.startIndex - length)...]) else { return nil }
                groups[index] = UInt16(tail >> 16)
                groups[index + 1] = UInt16(truncatingIfNeeded: tail)
                index += 2
                rest = []
                break
            }
            if isColon(rest.first) {
                rest.removeFirst()
                if rest.isEmpty { return nil }
            } else if !rest.isEmpty {
                return nil
            }
            groups[index] = value
            index += 1
        }
        if let compress {
            let moved = groups[compress..<index]
            for at in compress..<8 { groups[at] = 0 }
            groups.replaceSubrange((8 - moved.count)..<8, with: moved)
        } else if index != 8 {
            return nil
        }
        return groups
    }

    /// Four decimal numbers without leading zeros.
    private static func dotted(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != 48, part.allSatisfy({ (48...57).contains($0) }) else {
                return nil
            }
            let value = part.reduce(0) { $0 * 10 + UInt32($1 - 48) }
            guard value <= 255 else { return nil }
            address = address << 8 | value
        }
        return address
    }
}
