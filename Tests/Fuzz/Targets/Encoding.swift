/// Bytes written down in each transfer encoding, as plainly as can be, and base64 read again in the same manner.
enum Encoding {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// `line`: characters of a line.
    static func base64(_ bytes: [UInt8], line: Int) -> [UInt8] {
        var out: [UInt8] = []
        var column = 0
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for i in 0..<3 { bits = bits << 8 | (start + i < bytes.count ? Int(bytes[start + i]) : 0) }
            for i in 0..<4 {
                if column == line {
                    out += [13, 10]
                    column = 0
                }
                out.append(i <= group.count ? alphabet[bits >> (18 - 6 * i) & 63] : UInt8(ascii: "="))
                column += 1
            }
        }
        return out
    }

    /// RFC 2045 section 6.7, of bytes that are no text.
    static func quotedPrintable(_ bytes: [UInt8], line: Int) -> [UInt8] {
        var out: [UInt8] = []
        var column = 0
        for byte in bytes {
            let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "=")
            let piece = isPlain ? [byte] : escaped(byte)
            if column + piece.count > line {
                out += [UInt8(ascii: "="), 13, 10]
                column = 0
            }
            out += piece
            column += piece.count
        }
        return out
    }

    /// `=3D`.
    static func escaped(_ byte: UInt8, mark: UInt8 = 0x3D) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [mark, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    static func uuencode(_ bytes: [UInt8]) -> [UInt8] {
        func digit(_ value: Int) -> UInt8 { value == 0 ? 0x60 : UInt8(value + 0x20) }
        var out = Array("begin 644 a.bin\n".utf8)
        for start in stride(from: 0, to: bytes.count, by: 45) {
            let line = Array(bytes[start..<min(start + 45, bytes.count)])
            out.append(digit(line.count))
            for at in stride(from: 0, to: line.count, by: 3) {
                var bits = 0
                for i in 0..<3 { bits = bits << 8 | (at + i < line.count ? Int(line[at + i]) : 0) }
                for i in 0..<4 { out.append(digit(bits >> (18 - 6 * i) & 63)) }
            }
            out.append(10)
        }
        return out + Array("`\nend\n".utf8)
    }

    static func yenc(_ bytes: [UInt8]) -> [UInt8] {
        var out = Array("=ybegin line=128 size=\(bytes.count) name=a.bin\r\n".utf8)
        var column = 0
        for byte in bytes {
            let value = byte &+ 42
            if [0, 10, 13, 61, 46].contains(value) { out += [61, value &+ 64] } else { out.append(value) }
            column += 1
            if column == 128 {
                out += [13, 10]
                column = 0
            }
        }
        return out + Array("\r\n=yend size=\(bytes.count)\r\n".utf8)
    }

    /// Base64 up to its padding: everything else that is none of the alphabet counts for nothing.
    static func plainBase64(_ bytes: [UInt8]) -> [UInt8] {
        var values: [Int] = []
        for byte in bytes {
            if let value = alphabet.firstIndex(of: byte) { values.append(value) }
            if byte == UInt8(ascii: "="), !values.isEmpty { break }
        }
        var out: [UInt8] = []
        for start in stride(from: 0, to: values.count, by: 4) {
            let group = values[start..<min(start + 4, values.count)]
            let bits = group.reduce(0) { $0 << 6 | $1 } << (6 * (4 - group.count))
            for i in 0..<group.count - 1 { out.append(UInt8(bits >> (16 - 8 * i) & 255)) }
        }
        return out
    }

    /// Base64 whose groups end with their padding.
    static func plainGroups(_ bytes: [UInt8]) -> [UInt8] {
        bytes.split(separator: UInt8(ascii: "=")).flatMap { plainBase64(Array($0)) }
    }

    /// Quoted-printable line by line; a `=` that begins no escape stays.
    static func plainQuotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        let last = lines.removeLast()
        for (i, var line) in (lines + [last]).enumerated() {
            var ending: [UInt8] = i < lines.count ? [10] : []
            if line.last == 13, !ending.isEmpty { ending.insert(line.removeLast(), at: 0) }
            while line.last == 32 || line.last == 9 { line.removeLast() }
            if line.last == UInt8(ascii: "=") {
                line.removeLast()
                ending = []
            }
            var at = 0
            while at < line.count {
                if line[at] == UInt8(ascii: "="), at + 2 < line.count, let value = hexadecimal(line[at + 1...at + 2]) {
                    out.append(value)
                    at += 3
                } else if line[at] == UInt8(ascii: "="), at + 1 < line.count, line[at + 1] == 13 {
                    at += 2
                } else {
                    out.append(line[at])
                    at += 1
                }
            }
            out += ending
        }
        return out
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        var value: UInt8 = 0
        for digit in digits {
            guard let place = Array("0123456789ABCDEFabcdef".utf8).firstIndex(of: digit) else { return nil }
            value = value << 4 | UInt8(place < 16 ? place : place - 6)
        }
        return value
    }
}
