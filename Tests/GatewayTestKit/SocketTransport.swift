import NIOCore
import NIOPosix
import NIOSSL

/// A TCP connection to a server, real TLS included; certificates are not checked. One task uses it. `close` it in the end.
public final class SocketTransport: TranscriptTransport {
    public let channel: any Channel
    private var incoming: AsyncThrowingStream<ByteBuffer, any Error>.Iterator
    private var received = ByteBuffer()
    private let patience: TimeAmount

    /// `patience`: how long a line may take before `receiveLine` throws. `halfCloses`: each side may be closed alone.
    public convenience init(
        host: String, port: Int, group: any EventLoopGroup, patience: TimeAmount = .seconds(20), halfCloses: Bool = false
    ) async throws {
        try await self.init(group, patience, halfCloses) { try await $0.connect(host: host, port: port).get() }
    }

    /// Over a Unix socket.
    public convenience init(path: String, group: any EventLoopGroup, patience: TimeAmount = .seconds(20)) async throws {
        try await self.init(group, patience, false) { try await $0.connect(unixDomainSocketPath: path).get() }
    }

    private init(
        _ group: any EventLoopGroup, _ patience: TimeAmount, _ halfCloses: Bool,
        connect: @Sendable (ClientBootstrap) async throws -> any Channel
    ) async throws {
        let (stream, continuation) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: halfCloses)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(continuation)) }
            }
        channel = try await connect(bootstrap)
        incoming = stream.makeAsyncIterator()
        self.patience = patience
    }

    public func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    public func receiveLine() async throws -> String? {
        let channel = channel
        // Cutting the connection ends the stream, so that nobody waits for ever.
        let alarm = channel.eventLoop.scheduleTask(in: patience) { channel.pipeline.fireErrorCaught(TranscriptFailure("no line in time")) }
        defer { alarm.cancel() }
        while true {
            if let end = received.readableBytesView.firstIndex(of: 10) {
                let line = received.readSlice(length: end - received.readerIndex + 1)!
                let text = String(buffer: line)
                guard text.utf8.suffix(2).elementsEqual([13, 10]) else { throw TranscriptFailure("a line without CR: \(text)") }
                return String(decoding: text.utf8.dropLast(2), as: UTF8.self)
            }
            guard var more = try await incoming.next() else {
                guard received.readableBytes == 0 else { throw TranscriptFailure("closed within: \(String(buffer: received))") }
                return nil
            }
            received.writeBuffer(&more)
        }
    }

    public func startTLS() async throws {
        let channel = channel
        try await channel.eventLoop.submit {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.certificateVerification = .none
            let handler = try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
    }

    public func close() async { try? await channel.close() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

        init(_ continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { continuation.finish() }
            context.fireUserInboundEventTriggered(event)
        }
        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            // A peer that cuts the connection is an end like any other.
            if error is TranscriptFailure { continuation.finish(throwing: error) } else { continuation.finish() }
            context.close(promise: nil)
        }
    }
}
