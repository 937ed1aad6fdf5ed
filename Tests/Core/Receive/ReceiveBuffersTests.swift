import NIOCore
import Testing

@testable import Receive

@Suite struct ReceiveBuffersTests {
    /// Reads as a channel does, `count` bytes, and returns how many would have fitted.
    private func read(_ count: Int, _ pool: inout NIOPooledRecvBufferAllocator) -> Int {
        let (buffer, room) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
            let room = buffer.writableBytes
            buffer.writeRepeatingByte(0, count: min(count, room))
            return room
        }
        pool.record(actualReadBytes: buffer.readableBytes)
        return room
    }

    @Test func sizesFollowWhatIsRead() {
        let buffers = ReceiveBuffers()
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: buffers)
        #expect(read(20, &pool) == ReceiveBuffers.first)
        for _ in 0..<5 { #expect(read(20, &pool) == ReceiveBuffers.forCommands) }
        buffers.isReadingData = true
        #expect(read(4096, &pool) == ReceiveBuffers.forData)
        #expect(read(1 << 20, &pool) == ReceiveBuffers.forData)
        #expect(read(1 << 20, &pool) == ReceiveBuffers.forLargeData)
        #expect(read(100, &pool) == ReceiveBuffers.forLargeData)
        #expect(read(100, &pool) == ReceiveBuffers.forData)
        buffers.isReadingData = false
        #expect(read(6, &pool) == ReceiveBuffers.forCommands)
        #expect(pool.count == 1)
    }
}
