/// Gathers UTF-8 and hands it on in chunks.
struct UTF8Writer: ~Copyable {
    var chunk = DecodedChunk()
    /// Something was no character.
    var isBad = false

    /// False: the sink wants no more. To be asked at least once for every 16 characters.
    @inline(__always)
    mutating func hasRoom(_ sink: (UnsafeRawBufferPointer) -> Bool) -> Bool { !chunk.isFull || chunk.flush(into: sink) }

    @inline(__always)
    mutating func put(_ byte: UInt8) { chunk.append(byte) }

    /// A scalar value; what is none becomes U+FFFD.
    @inline(__always)
    mutating func put(scalar: UInt32) {
        switch scalar {
        case 0..<0x80: chunk.append(UInt8(scalar))
        case 0x80..<0x800:
            chunk.append(UInt8(0xC0 | scalar >> 6))
            chunk.append(UInt8(0x80 | scalar & 0x3F))
        case 0xD800..<0xE000, 0x110000...: replace()
        case 0x800..<0x10000:
            chunk.append(UInt8(0xE0 | scalar >> 12))
            chunk.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            chunk.append(UInt8(0x80 | scalar & 0x3F))
        default:
            chunk.append(UInt8(0xF0 | scalar >> 18))
            chunk.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            chunk.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            chunk.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    mutating func replace() {
        isBad = true
        chunk.append(0xEF)
        chunk.append(0xBF)
        chunk.append(0xBD)
    }

    mutating func finish(into sink: (UnsafeRawBufferPointer) -> Bool) { chunk.finish(into: sink) }
}
