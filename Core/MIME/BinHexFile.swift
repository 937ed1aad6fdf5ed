import Mail

/// BinHex 4.0 in text (RFC 1741): behind the line that says so, from a colon that begins a line to the next one.
enum BinHexFile {
    /// The forks of the file that the line at `start` announces, those that hold anything, and where to go on.
    static func found(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ lineEnd: Int) -> (forks: [EmbeddedFile], end: Int)? {
        guard bytes.hasPrefix(lowercase: "(this file must be converted with binhex", at: start, to: lineEnd) else { return nil }
        var first = lineEnd
        while first < bytes.count, bytes[first] <= 0x20 { first += 1 }
        guard first < bytes.count, bytes[first] == UInt8(ascii: ":"), bytes[first - 1] == 0x0A || bytes[first - 1] == 0x0D else {
            return nil
        }
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
        return (forks, end)
    }
}
