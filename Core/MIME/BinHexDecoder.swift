import Mail

/// One fork of a file in BinHex 4.0 (RFC 1741 appendix A): what its header says of it, as far as it is there. A wrong checksum is flagged.
struct BinHexDecoder {
    /// A file of the Macintosh is two.
    enum Fork: UInt8, Hashable, Sendable {
        case data, resource
    }

    var fork: Fork

    func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var stream = BinHexStream(bytes)
        guard let header = BinHexHeader(&stream) else { return .badEncodedFile }
        var flags: PartFlags = header.isIntact ? [] : .badEncodedFile
        var left = header.dataLength
        if fork == .resource {
            guard stream.skip(left + 2) else { return .badEncodedFile }
            left = header.resourceLength
        }
        var chunk = DecodedChunk()
        var sum = BinHexChecksum()
        while left > 0, let byte = stream.next() {
            if chunk.isFull, !chunk.flush(into: sink) { return flags }
            chunk.append(byte)
            sum.add(byte)
            left -= 1
        }
        chunk.finish(into: sink)
        if left > 0 || stream.nextShort() != sum.value || stream.isBad { flags.insert(.badEncodedFile) }
        return flags
    }
}
