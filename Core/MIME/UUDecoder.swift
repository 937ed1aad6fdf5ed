import Mail

/// uuencode (POSIX.1 uuencode, historical algorithm): from behind a `begin` line, if there is one, to `end`, or the end. Lines that are none are
/// left out and flagged.
struct UUDecoder {
    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var chunk = DecodedChunk()
        var flags: PartFlags = []
        var at = 0
        var hasData = false
        var hasEnd = false
        while at < bytes.count {
            if chunk.isFull, !chunk.flush(into: sink) { return flags }
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            let textEnd = bytes.endOfText(at..<lineEnd)
            defer { at = lineEnd }
            if textEnd == at { continue }
            if !hasData, EmbeddedFile.uuBegin(bytes, at: at, to: textEnd) != nil { continue }
            if textEnd - at == 3, bytes.hasPrefix("end", at: at, to: textEnd) {
                hasEnd = true
                break
            }
            guard let length = Self.length(bytes, at..<textEnd) else {
                // Something stands between: a hint, a signature.
                if hasData || bytes[at] > 0x20 { flags.insert(.badEncodedFile) }
                continue
            }
            hasData = true
            line(bytes, at + 1..<textEnd, length, &chunk)
        }
        if !hasEnd, hasData, bytes.hasPrefix("begin ", at: 0, to: bytes.count) { flags.insert(.badEncodedFile) }
        chunk.finish(into: sink)
        return flags
    }

    /// How many bytes a line says that it holds; nil: it is no line of uuencode. Trailing blanks may have been lost, a checksum added.
    static func length(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> Int? {
        let first = bytes[line.lowerBound]
        guard first >= 0x20, first <= 0x60 else { return nil }
        let length = Int(first - 0x20) & 63
        let places = line.count - 1
        let needed = (length * 4 + 2) / 3
        // Zeros may be blanks, and blanks at a line's end get lost.
        guard places <= (length + 2) / 3 * 4 + 2, length == 0 || places * 2 >= needed else { return nil }
        for i in line where bytes[i] < 0x20 || bytes[i] > 0x60 { return nil }
        return length
    }

    private func line(_ bytes: UnsafeRawBufferPointer, _ text: Range<Int>, _ length: Int, _ chunk: inout DecodedChunk) {
        var left = length
        var at = text.lowerBound
        func six(_ i: Int) -> UInt8 { i < text.upperBound ? (bytes[i] &- 0x20) & 63 : 0 }
        while left > 0 {
            let (a, b, c, d) = (six(at), six(at + 1), six(at + 2), six(at + 3))
            chunk.append(a << 2 | b >> 4)
            if left > 1 { chunk.append(b << 4 | c >> 2) }
            if left > 2 { chunk.append(c << 6 | d) }
            left -= 3
            at += 4
        }
    }
}
