import func Glibc.iconv
import func Glibc.iconv_close
import func Glibc.iconv_open

/// Charsets by glibc's tables. Names come from `CharsetLabels` alone: glibc knows some that are not safe to be fed by strangers.
enum SystemCharset {
    static func decode(_ bytes: UnsafeRawBufferPointer, _ name: String, _ out: inout UTF8Writer, _ sink: (UnsafeRawBufferPointer) -> Bool) {
        guard let descriptor = iconv_open("UTF-8", name), Int(bitPattern: descriptor) != -1 else {
            // A system without that table: what is ASCII in it can be read all the same.
            out.isBad = true
            UnicodeDecoder.utf8(bytes, &out, sink)
            return
        }
        defer { iconv_close(descriptor) }
        guard let start = bytes.baseAddress else { return }
        var from: UnsafeMutablePointer<CChar>? = UnsafeMutableRawPointer(mutating: start).assumingMemoryBound(to: CChar.self)
        var left = bytes.count
        var isFlushing = false
        while true {
            guard out.hasRoom(sink) else { return }
            // One call never writes more than fits; 32 bytes are kept free, more than any one step needs.
            var to: UnsafeMutablePointer<CChar>? = UnsafeMutableRawPointer(out.chunk.base + out.chunk.count).assumingMemoryBound(
                to: CChar.self)
            var room = DecodedChunk.capacity + 32 - out.chunk.count
            let before = room
            let result =
                isFlushing ? iconv(descriptor, nil, nil, &to, &room) : iconv(descriptor, &from, &left, &to, &room)
            out.chunk.count += before - room
            if out.chunk.isFull, left > 0 || isFlushing && result == -1 { continue }
            if isFlushing { return }
            if left == 0 {
                isFlushing = true
                continue
            }
            if out.chunk.count > DecodedChunk.capacity - 32, result == -1, before - room > 0 {
                // No room for the next character: hand on what is there.
                guard out.chunk.flush(into: sink) else { return }
                continue
            }
            // A byte that is none of it, or a character cut off by the end.
            out.replace()
            from = from.map { $0 + 1 }
            left -= 1
        }
    }
}
