import Mail
import NIOCore
import SMTP

/// Puts a message on the wire: added header fields, body, end of data; dot-stuffed. One copy, in bulk, between the places where a dot is
/// due; a large message goes in pieces, so that no more than one of them is in memory beside the region.
struct MessageWriter {
    /// Bytes of a message from which on it goes in pieces.
    static let mostAtOnce = 1 << 20
    static let pieceBytes = 256 << 10

    private var addedHeaders: String
    private let region: Region
    private var offset = 0

    init(addedHeaders: String, region: Region) {
        self.addedHeaders = addedHeaders
        self.region = region
    }

    /// Bytes as SIZE= counts them: without stuffing and the final dot, with the CR LF that a message without one gets.
    static func size(addedHeaders: String, region: Region) -> Int {
        addedHeaders.utf8.count + region.count + (DotStuffing.endsInCRLF(region.bytes) ? 0 : 2)
    }

    /// The next piece, and whether it ends with the end of data. Not to be called after that.
    mutating func next(_ allocator: ByteBufferAllocator) -> (ByteBuffer, isLast: Bool) {
        let left = region.count - offset
        let end = left <= Self.mostAtOnce ? region.count : offset + Self.pieceBytes
        // Room for a few dots and the end of data; more dots make it grow.
        var buffer = allocator.buffer(capacity: addedHeaders.utf8.count + end - offset + 16)
        if !addedHeaders.isEmpty {
            addedHeaders.withUTF8 { Self.append(UnsafeRawBufferPointer($0), from: 0, to: &buffer) }
            addedHeaders = ""
        }
        Self.append(UnsafeRawBufferPointer(rebasing: region.bytes[..<end]), from: offset, to: &buffer)
        offset = end
        guard end == region.count else { return (buffer, false) }
        buffer.writeStaticString(DotStuffing.endsInCRLF(region.bytes) ? ".\r\n" : "\r\n.\r\n")
        return (buffer, true)
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, from start: Int, to buffer: inout ByteBuffer) {
        var done = start
        var at = start
        while let dot = DotStuffing.nextDot(in: bytes, from: at) {
            // Up to and with the dot, which then begins the next stretch again.
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[done...dot]))
            done = dot
            at = dot + 1
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[done...]))
    }
}
