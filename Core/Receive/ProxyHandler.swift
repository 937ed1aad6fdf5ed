import NIOCore
import SMTP

/// Reads the PROXY header in front of everything else, TLS included, tells it as a user event, and leaves the pipeline. A malformed one
/// closes the connection without a word: whatever follows cannot be told from the client's own bytes.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Malformed: Error, CustomStringConvertible { let description = "malformed PROXY header" }

    private var input = ByteBuffer()
    private var isDone = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if isDone { return context.fireChannelRead(wrapInboundOut(bytes)) }
        input.writeBuffer(&bytes)
        switch input.withUnsafeReadableBytes({ ProxyHeader.read($0) }) {
        case .more: break
        case .malformed:
            isDone = true
            input = ByteBuffer()
            context.fireErrorCaught(Malformed())
        case .done(let header, let length):
            isDone = true
            input.moveReaderIndex(forwardBy: length)
            let rest = input
            input = ByteBuffer()
            context.fireUserInboundEventTriggered(header)
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
