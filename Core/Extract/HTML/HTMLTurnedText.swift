/// Text whose direction is overridden (Unicode Bidirectional Algorithm, section 2.2): each line as it is seen, last character first.
enum HTMLTurnedText {
    /// Returns the pieces that were turned, each as it stood and stands.
    static func turn(_ bytes: inout [UInt8], from start: Int) -> [Range<Int>] {
        var turned: [Range<Int>] = []
        var at = start
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 10) ?? bytes.count
            var (first, last) = (at, end)
            while first < last, bytes[first] <= 32 { first += 1 }
            while last > first, bytes[last - 1] <= 32 { last -= 1 }
            if first < last, !bytes[first..<last].contains(where: { 0xD6...0xDF ~= $0 }) {
                turnLine(&bytes, first..<last)
                turned.append(first..<last)
            }
            at = end + 1
        }
        return turned
    }

    private static func turnLine(_ bytes: inout [UInt8], _ line: Range<Int>) {
        var turned: [UInt8] = []
        turned.reserveCapacity(line.count)
        var end = line.upperBound
        while end > line.lowerBound {
            var start = end - 1
            // To the character's first byte, and on to what an accent stands on.
            while start > line.lowerBound, bytes[start] & 0xC0 == 0x80 || isAccent(bytes, start, end) { start -= 1 }
            if end - start == 1 {
                turned.append(mirrored(bytes[start]))
            } else {
                turned.append(contentsOf: bytes[start..<end])
            }
            end = start
        }
        bytes.replaceSubrange(line, with: turned)
    }

    /// Combining diacritical marks, U+0300 to U+036F.
    private static func isAccent(_ bytes: [UInt8], _ at: Int, _ end: Int) -> Bool {
        at + 1 < end && (bytes[at] == 0xCC || bytes[at] == 0xCD && bytes[at + 1] < 0xB0)
    }

    private static func mirrored(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "("): UInt8(ascii: ")")
        case UInt8(ascii: ")"): UInt8(ascii: "(")
        case UInt8(ascii: "["): UInt8(ascii: "]")
        case UInt8(ascii: "]"): UInt8(ascii: "[")
        case UInt8(ascii: "<"): UInt8(ascii: ">")
        case UInt8(ascii: ">"): UInt8(ascii: "<")
        case UInt8(ascii: "{"): UInt8(ascii: "}")
        case UInt8(ascii: "}"): UInt8(ascii: "{")
        default: byte
        }
    }
}
