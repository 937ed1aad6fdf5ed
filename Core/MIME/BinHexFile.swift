import Mail

/// BinHex 4.0 in text (RFC 1741): behind the line that says so, from a colon that begins a line to the next one.
enum BinHexFile {
    /// The forks of the file that the line at `start` announces, those that hold anything, and where to go on.
    static func found(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ lineEnd: Int) -> (forks: [EmbeddedFile], end: Int)? {
        guard isMark(bytes, start, lineEnd) else { return nil }
        var first = lineEnd
        while first < bytes.count, bytes[first] <= 0x20 { first += 1 }
        if first < bytes.count, bytes[first] == UInt8(ascii: ":"), bytes[first - 1] == 0x0A || bytes[first - 1] == 0x0D {
            return file(bytes, at: first).map { ($0.forks, $0.end) }
        }
        // Text may come first, and other files in it.
        return next(bytes, from: lineEnd).map { ($0.forks, lineEnd) }
    }

    /// The first file from the line at `start` on, above the next line that announces one.
    static func next(_ bytes: UnsafeRawBufferPointer, from start: Int) -> (forks: [EmbeddedFile], end: Int)? {
        var at = start
        while at < bytes.count {
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            if bytes[at] == UInt8(ascii: ":") {
                // Any text may have such a line.
                if let file = file(bytes, at: at), file.hasHeader { return (file.forks, file.end) }
            } else if isMark(bytes, at, lineEnd) {
                return nil
            }
            at = lineEnd
        }
        return nil
    }

    private static func isMark(_ bytes: UnsafeRawBufferPointer, _ at: Int, _ lineEnd: Int) -> Bool {
        bytes.hasPrefix(lowercase: "(this file must be converted with binhex", at: at, to: lineEnd)
    }

    /// What begins with the colon at `first`.
    private static func file(_ bytes: UnsafeRawBufferPointer, at first: Int) -> (forks: [EmbeddedFile], end: Int, hasHeader: Bool)? {
        let colon = bytes.offset(of: UInt8(ascii: ":"), in: first + 1..<bytes.count)
        let end = colon.map { $0 + 1 } ?? bytes.count
        var stream = BinHexStream(UnsafeRawBufferPointer(rebasing: bytes[first..<end]))
        let header = BinHexHeader(&stream)
        var flags: PartFlags = .embedded
        if header?.isIntact != true { flags.insert(.badEncodedFile) }
        if colon == nil { flags.formUnion([.badEncodedFile, .unclosed]) }
        func file(_ decoder: TransferDecoder) -> EmbeddedFile {
            EmbeddedFile(decoder: decoder, encoding: "binhex", name: header?.name ?? [], range: first..<end, flags: flags)
        }
        let hasResources = (header?.resourceLength ?? 0) > 0
        var forks: [EmbeddedFile] = []
        if !hasResources || (header?.dataLength ?? 0) > 0 { forks.append(file(.binhex)) }
        if hasResources { forks.append(file(.binhexResources)) }
        return (forks, end, header != nil)
    }
}
