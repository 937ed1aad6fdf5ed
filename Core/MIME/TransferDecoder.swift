import Mail

/// How the bytes of a part are encoded (RFC 2045 section 6), in each of the ways that readers take an encoding which breaks its rules.
public enum TransferDecoder: Hashable, Sendable {
    /// 7bit, 8bit, binary: the bytes themselves.
    case identity
    case base64(Base64Padding)
    case quotedPrintable
    /// Where `=` begins no escape, it alone is left out; and all up to the next `=`, two characters at most.
    case quotedPrintableWithoutEquals
    case quotedPrintableWithoutJunk
    /// Its line ends are LF alone, as readers on Unix have them.
    case quotedPrintableWithLF
    case uuencode
    case yenc
    /// BinHex 4.0: a file of the Macintosh, and its resource fork.
    case binhex
    case binhexResources

    /// What padding means that data follows, where readers differ.
    public enum Base64Padding: UInt8, Hashable, Sendable, CaseIterable {
        /// The data ends.
        case ends
        /// The group ends, the next begins behind it.
        case groups
        /// `=` takes a place in its group and holds no bits.
        case fills
        /// `=` is a zero.
        case zero
    }

    /// Bytes of one call of a sink, at most.
    public static let chunk = 64 << 10

    /// Decodes all of `bytes` into `sink`, in chunks, until it says false. What came to light is said in flags, which never hold `.limit`.
    /// Never fails: whatever the bytes are, something comes out. Any thread.
    public func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        switch self {
        case .identity:
            var at = 0
            while at < bytes.count {
                let end = min(at + Self.chunk, bytes.count)
                if !sink(UnsafeRawBufferPointer(rebasing: bytes[at..<end])) { break }
                at = end
            }
            return []
        case .base64(let padding): return Base64Decoder(padding: padding).decode(bytes, into: sink)
        case .quotedPrintable: return QuotedPrintableDecoder(junk: .kept).decode(bytes, into: sink)
        case .quotedPrintableWithoutEquals: return QuotedPrintableDecoder(junk: .withoutEquals).decode(bytes, into: sink)
        case .quotedPrintableWithLF: return QuotedPrintableDecoder(junk: .kept, endsLinesWithLF: true).decode(bytes, into: sink)
        case .quotedPrintableWithoutJunk: return QuotedPrintableDecoder(junk: .dropped).decode(bytes, into: sink)
        case .uuencode: return UUDecoder().decode(bytes, into: sink)
        case .yenc: return YEncDecoder().decode(bytes, into: sink)
        case .binhex: return BinHexDecoder(fork: .data).decode(bytes, into: sink)
        case .binhexResources: return BinHexDecoder(fork: .resource).decode(bytes, into: sink)
        }
    }

    /// All of it at once, at most `most` bytes.
    public func decoded(_ bytes: UnsafeRawBufferPointer, most: Int = .max) -> (bytes: [UInt8], flags: PartFlags) {
        var out: [UInt8] = []
        let flags = decode(bytes) { chunk in
            out.append(contentsOf: chunk.prefix(most - out.count))
            return out.count < most
        }
        return (out, flags)
    }
}
