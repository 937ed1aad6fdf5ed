import NIOCore

/// The buffers that a session's socket is read into: small for commands, large for messages, and none kept while the session is idle. Of NIO's
/// own a session that sent a large message keeps 64 KiB for as long as it stays, and a message of some kilobytes takes several reads. To be used
/// with one read per turn of the loop (`maxMessagesPerRead`), or the channel keeps more than the first. Bound to the channel's event loop.
final class ReceiveBuffers: RecvByteBufferAllocator, @unchecked Sendable {
    /// EHLO fits. The channel keeps the first buffer for good.
    static let first = 256
    /// A pipelined group fits.
    static let forCommands = 1 << 10
    /// Most messages fit.
    static let forData = 16 << 10
    /// The rest comes in reads of this size.
    static let forLargeData = 64 << 10

    /// The client sends a message, or may at any moment.
    var isReadingData = false
    private var isFirst = true
    private var wasFilled = false

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: size) }

    private var size: Int {
        if isFirst { return Self.first }
        guard isReadingData else { return Self.forCommands }
        return wasFilled ? Self.forLargeData : Self.forData
    }

    /// True: none is used again.
    func record(actualReadBytes: Int) -> Bool {
        wasFilled = actualReadBytes >= size
        isFirst = false
        return true
    }
}
