import Mail

/// Quoted-printable as mail has it (RFC 2045 section 6.7): soft breaks with blanks behind them, hex digits in lower case, bare line ends. What is no
/// escape is kept as it stands and flagged. Blanks at a line's end are transport's and go.
struct QuotedPrintableDecoder {
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
            if !isSoft { for i in textEnd..<lineEnd { chunk.append(bytes[i]) } }
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
            let end = bytes.offset(of: 0x3D, in: at..<limit) ?? limit
            if end > at {
                UnsafeMutableRawPointer(chunk.base + chunk.count).copyMemory(from: bytes.baseAddress! + at, byteCount: end - at)
                chunk.count += end - at
                at = end
            } else if at + 2 < text.upperBound, let high = hexValue(bytes[at + 1]), let low = hexValue(bytes[at + 2]) {
                chunk.append(high << 4 | low)
                at += 3
            } else if at + 1 < text.upperBound, bytes[at + 1] == 0x0D {
                // A CR alone: a line's end to some.
                flags.insert(.badQuotedPrintable)
                at += 2
            } else {
                flags.insert(.badQuotedPrintable)
                chunk.append(0x3D)
                at += 1
            }
        }
    }
}
