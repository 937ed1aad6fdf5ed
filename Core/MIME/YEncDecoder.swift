import Mail

/// yEnc 1.3: from behind `=ybegin` and `=ypart`, if they are there, to `=yend`, or the end.
struct YEncDecoder {
    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var chunk = DecodedChunk(upTo: bytes.count)
        var flags: PartFlags = []
        var at = 0
        var hasEnd = false
        lines: while at < bytes.count {
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            if bytes[at] == 0x3D {
                if bytes.hasPrefix("=yend", at: at, to: lineEnd) {
                    hasEnd = true
                    break
                }
                if bytes.hasPrefix("=ybegin ", at: at, to: lineEnd) || bytes.hasPrefix("=ypart ", at: at, to: lineEnd) {
                    at = lineEnd
                    continue
                }
            }
            while at < lineEnd {
                if chunk.isFull, !chunk.flush(into: sink) { return flags }
                let byte = bytes[at]
                at += 1
                switch byte {
                case 0x0A, 0x0D: break
                case 0x3D:
                    guard at < lineEnd, bytes[at] != 0x0A, bytes[at] != 0x0D else {
                        flags.insert(.badEncodedFile)
                        break
                    }
                    chunk.append(bytes[at] &- 64 &- 42)
                    at += 1
                default: chunk.append(byte &- 42)
                }
            }
        }
        if !hasEnd { flags.insert(.badEncodedFile) }
        chunk.finish(into: sink)
        return flags
    }
}
