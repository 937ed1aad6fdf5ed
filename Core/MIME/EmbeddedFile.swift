import Mail

/// A file inside text: uuencode between `begin` and `end`, its base64 form, yEnc between `=ybegin` and `=yend`, BinHex between colons; and whether the
/// text is armoured PGP (RFC 9580 section 6.2). One pass, whatever the text is.
public struct EmbeddedFile: Hashable, Sendable {
    public var decoder: TransferDecoder
    /// As `ContentPart.transferEncoding` has it.
    public var encoding: String
    /// Name as it stands, bytes of the text's charset.
    public var name: [UInt8]
    /// From the first line of data to behind the last; the line that ends it is not in it.
    public var range: Range<Int>
    /// What is odd: `.unclosed` without its end, `.partial` for a piece of a larger one.
    public var flags: PartFlags

    /// The files in `bytes`, decoded text, in their order; at most `most`. `flags`: of the text, `.encrypted`, `.signed` or `.limit`.
    public static func find(in bytes: UnsafeRawBufferPointer, most: Int) -> (files: [EmbeddedFile], flags: PartFlags) {
        var files: [EmbeddedFile] = []
        var flags: PartFlags = []
        var next = bytes.isEmpty ? nil : isMark(bytes[0]) ? 0 : bytes.markedLine(behind: 0)
        while let at = next {
            var end = at
            let line = bytes.endOfLine(from: at, to: bytes.count)
            let forks = bytes[at] == 0x28 ? BinHexFile.found(bytes, at, line) : nil
            if let (more, behind) = forks ?? found(bytes, at, line, &flags).map({ ([$0.file], $0.end) }) {
                end = behind
                files += more
                if files.count > most {
                    files.removeLast(files.count - most)
                    flags.insert(.limit)
                    break
                }
            }
            next = end > at && end < bytes.count && isMark(bytes[end]) ? end : bytes.markedLine(behind: max(end - 1, at))
        }
        return (files, flags)
    }

    /// What a line begins with that may be of interest: `begin`, `=ybegin`, `-----BEGIN`, `(This file`.
    @inline(__always)
    static func isMark(_ byte: UInt8) -> Bool { byte == 0x62 || byte == 0x3D || byte == 0x2D || byte == 0x28 }

    /// The file that begins at a line, and where to go on.
    private static func found(
        _ bytes: UnsafeRawBufferPointer, _ at: Int, _ lineEnd: Int, _ flags: inout PartFlags
    ) -> (file: EmbeddedFile, end: Int)? {
        switch bytes[at] {
        case 0x62: return uuFile(bytes, at, lineEnd)
        case 0x3D: return yencFile(bytes, at, lineEnd)
        default:
            if bytes.hasPrefix("-----BEGIN PGP ", at: at, to: lineEnd) {
                if bytes.hasPrefix("MESSAGE", at: at + 15, to: lineEnd) { flags.formUnion([.encrypted, .embedded]) }
                if bytes.hasPrefix("SIGNED", at: at + 15, to: lineEnd) { flags.formUnion([.signed, .embedded]) }
            }
            return nil
        }
    }

    /// `begin MODE NAME`, or `begin-base64 MODE NAME`: the name, and whether it is base64.
    static func uuBegin(_ bytes: UnsafeRawBufferPointer, at start: Int, to end: Int) -> (name: [UInt8], isBase64: Bool)? {
        guard bytes.hasPrefix("begin", at: start, to: end) else { return nil }
        var at = start + 5
        let isBase64 = bytes.hasPrefix("-base64", at: at, to: end)
        if isBase64 { at += 7 }
        guard at < end, isBlank(bytes[at]) else { return nil }
        while at < end, isBlank(bytes[at]) { at += 1 }
        let mode = at
        while at < end, (0x30...0x37).contains(bytes[at]) { at += 1 }
        guard (3...6).contains(at - mode), at == end || isBlank(bytes[at]) else { return nil }
        return (bytes[at..<end].prefix(1024).trimmed, isBase64)
    }

    private static func uuFile(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ first: Int) -> (file: EmbeddedFile, end: Int)? {
        guard let (name, isBase64) = uuBegin(bytes, at: start, to: bytes.endOfText(start..<first)) else { return nil }
        var at = first
        var isClosed = false
        while at < bytes.count {
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            let line = at..<bytes.endOfText(at..<lineEnd)
            if isBase64
                ? bytes.hasPrefix("====", at: line.lowerBound, to: line.upperBound)
                : line.count == 3 && bytes.hasPrefix("end", at: at, to: lineEnd)
            {
                isClosed = true
                let file = EmbeddedFile(
                    decoder: isBase64 ? .base64(.ends) : .uuencode, encoding: isBase64 ? "base64" : "uuencode", name: name,
                    range: first..<at,
                    flags: .embedded)
                return at > first ? (file, lineEnd) : nil
            }
            if isBase64 {
                guard line.isEmpty || bytes[line].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { break }
            } else {
                guard line.isEmpty || UUDecoder.length(bytes, line) != nil else { break }
            }
            at = lineEnd
        }
        // Without its end: only where there is data at all.
        guard !isClosed, at > first, bytes.endOfText(first..<bytes.endOfLine(from: first, to: at)) > first else { return nil }
        let file = EmbeddedFile(
            decoder: isBase64 ? .base64(.ends) : .uuencode, encoding: isBase64 ? "base64" : "uuencode", name: name, range: first..<at,
            flags: [.embedded, .badEncodedFile, .unclosed])
        return (file, at)
    }

    private static func yencFile(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ line: Int) -> (file: EmbeddedFile, end: Int)? {
        guard bytes.hasPrefix("=ybegin ", at: start, to: line) else { return nil }
        var first = line
        let head = bytes[start..<bytes.endOfText(start..<first)].prefix(2048).map { $0 }
        guard head.offset(of: Array(" size=".utf8), from: 0) != nil else { return nil }
        // The name is the last word, and goes to the end of the line.
        let name = head.offset(of: Array(" name=".utf8), from: 0).map { head[($0 + 6)...].trimmed } ?? []
        var flags: PartFlags = .embedded
        if head.offset(of: Array(" part=".utf8), from: 0) != nil, head.offset(of: Array(" total=1 ".utf8), from: 0) == nil {
            flags.insert(.partial)
        }
        if bytes.hasPrefix("=ypart ", at: first, to: bytes.count) { first = bytes.endOfLine(from: first, to: bytes.count) }
        var end: Int?
        var at = first
        while at < bytes.count, end == nil {
            if bytes.hasPrefix("=yend", at: at, to: bytes.count) { end = at }
            at = bytes.endOfLine(from: at, to: bytes.count)
        }
        if end == nil { flags.formUnion([.badEncodedFile, .unclosed]) }
        let file = EmbeddedFile(decoder: .yenc, encoding: "yenc", name: name, range: first..<(end ?? bytes.count), flags: flags)
        return (file, end.map { bytes.endOfLine(from: $0, to: bytes.count) } ?? bytes.count)
    }
}
