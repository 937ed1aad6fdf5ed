import CClamAV
import Glibc

/// A message below one more header field, without a copy of it.
final class PrefixedMessage {
    private let message: UnsafeRawBufferPointer
    private static let field = Array("Received: by localhost\r\n".utf8)

    init(_ message: UnsafeRawBufferPointer) { self.message = message }

    /// For libclamav to read. The object must outlive it.
    func map() -> OpaquePointer? {
        cl_fmap_open_handle(
            Unmanaged.passUnretained(self).toOpaque(), 0, Self.field.count + message.count,
            { handle, buffer, count, offset in
                Unmanaged<PrefixedMessage>.fromOpaque(handle!)._withUnsafeGuaranteedRef {
                    $0.read(UnsafeMutableRawBufferPointer(start: buffer, count: count), from: offset)
                }
            }, 1)
    }

    /// As pread(2).
    func read(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) -> Int {
        guard offset >= 0 else {
            errno = EINVAL
            return -1
        }
        var done = 0
        if offset < Self.field.count {
            done = min(buffer.count, Self.field.count - offset)
            buffer.copyBytes(from: Self.field[offset..<(offset + done)])
        }
        let start = offset + done - Self.field.count
        let rest = min(buffer.count - done, message.count - start)
        guard rest > 0 else { return done }
        UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: message[start..<(start + rest)]))
        return done + rest
    }
}
