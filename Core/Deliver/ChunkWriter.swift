import Mail
import NIOCore
import SMTP

/// Puts a message on the wire as it is, so many bytes at a time: added header fields, body, the CR LF that a message without one gets. What
/// goes behind BDAT (RFC 3030).
struct ChunkWriter {
    private var addedHeaders: String
    private let region: Region
    /// Of the whole.
    private var offset = 0

    init(addedHeaders: String, region: Region) {
        self.addedHeaders = addedHeaders
        self.region = region
    }

    /// The next `count` bytes; no more than `MessageWriter.size` counts.
    mutating func write(_ count: Int, to buffer: inout ByteBuffer) {
        var left = count
        addedHeaders.withUTF8 { take(UnsafeRawBufferPointer($0), from: 0, &left, &buffer, &offset) }
        let headers = addedHeaders.utf8.count
        take(region.bytes, from: headers, &left, &buffer, &offset)
        if left > 0 {
            // Only the last CR LF can be missing.
            let end: [UInt8] = [13, 10]
            end.withUnsafeBytes { take($0, from: headers + region.count, &left, &buffer, &offset) }
        }
    }
}

/// What of `part`, which begins at `start` of the whole, is due.
private func take(_ part: UnsafeRawBufferPointer, from start: Int, _ left: inout Int, _ buffer: inout ByteBuffer, _ offset: inout Int) {
    guard left > 0, offset < start + part.count else { return }
    let from = offset - start
    let count = min(left, part.count - from)
    buffer.writeBytes(UnsafeRawBufferPointer(rebasing: part[from..<from + count]))
    offset += count
    left -= count
}
