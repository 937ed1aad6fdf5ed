import NIOCore
import NIOHTTP1

/// One request and its whole answer on one connection, which ends with it. Bound to the channel's loop.
final class HTTPExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    struct Answer: Sendable {
        var status: Int
        var body: ByteBuffer
    }

    private let head: HTTPRequestHead
    /// Bytes of the answer's body.
    private let most: Int
    private let promise: EventLoopPromise<Answer>
    private var status = 0
    private var body = ByteBuffer()

    /// `promise` is kept exactly once, at the latest when the connection ends.
    init(_ head: HTTPRequestHead, most: Int, promise: EventLoopPromise<Answer>) {
        self.head = head
        self.most = most
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= most else {
                return fail(ControlFailure(.tooLarge, "the gateway's answer is larger than \(most) bytes"), context)
            }
            body.writeBuffer(&part)
        case .end:
            promise.succeed(Answer(status: status, body: body))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error, context) }

    func channelInactive(context: ChannelHandlerContext) {
        // Without effect when the answer has come.
        promise.fail(ControlFailure(.unavailable, "the gateway ended the connection before its answer", mend: "its log may tell why"))
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        promise.fail(error)
        context.close(promise: nil)
    }
}
