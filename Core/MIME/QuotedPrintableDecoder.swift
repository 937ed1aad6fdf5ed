import Mail

/// Quoted-printable as mail has it (RFC 2045 section 6.7): soft breaks with blanks behind them, hex digits in lower case, bare line ends. What is no
/// escape is flagged, and kept as most do it. Blanks at a line's end are transport's and go.
struct QuotedPrintableDecoder {
    /// What becomes of a `=` that begins no escape.
    enum Junk { case kept, withoutEquals, dropped }

    let junk: Junk
    var endsLinesWithLF = false

    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var chunk = DecodedChunk(upTo: bytes.count)
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
            if isSoft { end -= 1 }
            repeat {
                if chunk.isFull, !chunk.flush(into: sink) { return flags }
                // What comes out is never longer than what goes in.
                at = text(bytes, at, min(end, at + DecodedChunk.capacity - chunk.count), end, &chunk, &flags)
            } while at < end
            if !isSoft {
                for i in textEnd..<lineEnd where !endsLinesWithLF || bytes[i] == 0x0A { chunk.append(bytes[i]) }
            }
            at = lineEnd
        }
        chunk.finish(into: sink)
        return flags
    }

    /// Decodes what begins in front of `limit`; where it went on to, `end` at most.
    @inline(__always)
    private func text(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ limit: Int, _ end: Int, _ chunk: inout DecodedChunk, _ flags: inout PartFlags
    ) -> Int {
        var at = start
        var out = UnsafeMutableRawPointer(chunk.base + chunk.count)
        while at < limit {
            if bytes[at] != 0x3D {
                let stop = bytes.offset(of: 0x3D, from: at, to: limit, copying: out)
                out += stop - at
                at = stop
            } else if at &+ 2 < end, let byte = Self.escaped(bytes, at &+ 1) {
                out.storeBytes(of: byte, as: UInt8.self)
                out += 1
                at &+= 3
            } else {
                chunk.count = out - UnsafeMutableRawPointer(chunk.base)
                at = noEscape(bytes, at, end, &chunk, &flags)
                out = UnsafeMutableRawPointer(chunk.base + chunk.count)
            }
        }
        chunk.count = out - UnsafeMutableRawPointer(chunk.base)
        return at
    }

    /// A `=` that begins no escape; what is behind it.
    private func noEscape(
        _ bytes: UnsafeRawBufferPointer, _ equals: Int, _ end: Int, _ chunk: inout DecodedChunk, _ flags: inout PartFlags
    ) -> Int {
        flags.insert(.badQuotedPrintable)
        var at = equals + 1
        // A CR alone: a line's end to some.
        if at < end, bytes[at] == 0x0D { return at + 1 }
        switch junk {
        case .kept: chunk.append(0x3D)
        case .withoutEquals: break
        case .dropped:
            let most = min(at + 2, end)
            while at < most, bytes[at] != 0x3D { at += 1 }
        }
        return at
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
}
