import Mail

/// Quoted-printable as mail has it (RFC 2045 section 6.7): soft breaks with blanks behind them, hex digits in lower case, bare line ends. What is no
/// escape is flagged, and kept as most do it. Blanks at a line's end are transport's and go.
struct QuotedPrintableDecoder {
    /// What becomes of a `=` that begins no escape.
    enum Junk { case kept, withoutEquals, dropped }

    let junk: Junk
    var endsLinesWithLF = false

    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var chunk = DecodedChunk()
        var flags: PartFlags = []
        var at = 0
        while at < bytes.count {
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            var textEnd = lineEnd
            if bytes[textEnd - 1] == 0x0A {
                textEnd -= 1
                if textEnd > at, bytes[textEnd - 1] == 0x0D { textEnd -= 1 }
            }
            var end = textEnd
            while end > at, isBlank(bytes[end - 1]) { end -= 1 }
            let isSoft = end > at && bytes[end - 1] == 0x3D
            guard line(bytes, at..<(isSoft ? end - 1 : end), &chunk, &flags, sink) else { return flags }
            if !isSoft {
                for i in textEnd..<lineEnd where !endsLinesWithLF || bytes[i] == 0x0A { chunk.append(bytes[i]) }
            }
            at = lineEnd
        }
        chunk.finish(into: sink)
        return flags
    }

    /// False: the sink wants no more.
    private func line(
        _ bytes: UnsafeRawBufferPointer, _ text: Range<Int>, _ chunk: inout DecodedChunk, _ flags: inout PartFlags,
        _ sink: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var at = text.lowerBound
        while true {
            if chunk.isFull, !chunk.flush(into: sink) { return false }
            guard at < text.upperBound else { return true }
            let limit = min(text.upperBound, at + DecodedChunk.capacity - chunk.count)
            if bytes[at] != 0x3D {
                // Escapes are often near each other: in words, which may be written behind what counts; far ones are what memchr is for.
                let out = UnsafeMutableRawPointer(chunk.base + chunk.count)
                let near = bytes.nearOffset(of: 0x3D, from: at, to: limit, copying: out)
                let end = near.isFound ? near.offset : bytes.offset(of: 0x3D, in: near.offset..<limit) ?? limit
                (out + (near.offset - at)).copyMemory(from: bytes.baseAddress! + near.offset, byteCount: end - near.offset)
                chunk.count += end - at
                at = end
            } else if at &+ 2 < text.upperBound, let byte = Self.escaped(bytes, at &+ 1) {
                chunk.append(byte)
                at &+= 3
            } else if at + 1 < text.upperBound, bytes[at + 1] == 0x0D {
                // A CR alone: a line's end to some.
                flags.insert(.badQuotedPrintable)
                at += 2
            } else {
                flags.insert(.badQuotedPrintable)
                at += 1
                switch junk {
                case .kept: chunk.append(0x3D)
                case .withoutEquals: break
                case .dropped:
                    let end = min(at + 2, text.upperBound)
                    while at < end, bytes[at] != 0x3D { at += 1 }
                }
            }
        }
    }

    /// Whether these are bytes that are no text, with line ends that were not encoded (RFC 2045 section 6.7 rule 4): CR LF on the way, and what a
    /// reader makes of it afterwards.
    static func hasBareLineEndsInBinary(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Bool {
        var at = range.lowerBound
        var isBinary = false
        while !isBinary, let equals = bytes.offset(of: 0x3D, in: at..<range.upperBound) {
            at = equals + 1
            guard at + 1 < range.upperBound, let high = hexValue(bytes[at]), let low = hexValue(bytes[at + 1]) else { continue }
            let byte = high << 4 | low
            isBinary = byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D && byte != 0x0C && byte != 0x1B
        }
        guard isBinary else { return false }
        at = range.lowerBound
        while let newline = bytes.offset(of: 0x0A, in: at..<range.upperBound) {
            var end = newline
            while end > at, bytes[end - 1] == 0x0D || isBlank(bytes[end - 1]) { end -= 1 }
            if end == at || bytes[end - 1] != 0x3D, newline > at, bytes[newline - 1] == 0x0D { return true }
            at = newline + 1
        }
        return false
    }

    /// What two digits stand for; no branch but the last, for nobody can guess the others.
    @inline(__always)
    private static func escaped(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt8? {
        @inline(__always) func value(_ byte: UInt8) -> UInt8 {
            let (digit, letter) = (byte &- 0x30, (byte | 0x20) &- 0x61)
            return digit < 10 ? digit : letter < 6 ? letter &+ 10 : 0xFF
        }
        let (high, low) = (value(bytes[at]), value(bytes[at &+ 1]))
        return high | low < 16 ? high << 4 | low : nil
    }

    /// Whether `=` stands where it begins no escape and ends no line, so that readers differ.
    static func hasJunk(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while let equals = bytes.offset(ofNear: 0x3D, in: at..<range.upperBound) {
            at = equals + 1
            guard at < range.upperBound else { return false }
            if at &+ 1 < range.upperBound, escaped(bytes, at) != nil {
                at &+= 2
                continue
            }
            while at < range.upperBound, isBlank(bytes[at]) { at += 1 }
            if at < range.upperBound, bytes[at] != 0x0D, bytes[at] != 0x0A { return true }
        }
        return false
    }
}
