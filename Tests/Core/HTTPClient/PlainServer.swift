import Foundation
import GatewayTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A server that says what a test tells it to: for each connection its bytes, as they are. Counts connections and requests.
final class PlainServer: Sendable {
    enum Move: Sendable {
        case send(String)
        case close
        case wait(TimeAmount)
        /// Until the next request has come whole.
        case next
    }

    let port: Int
    let connections = Atomic(0)
    private let received = Mutex<[String]>([])
    private let channel: any Channel

    /// The bytes of all connections, in order of their end of reading.
    var requests: [String] { received.withLock { $0 } }

    /// `moves`: for the n-th connection. A request is taken to end at an empty line, or a body of Content-Length after it.
    init(group: any EventLoopGroup, host: String = "127.0.0.1", tls: NIOSSLContext? = nil, moves: @escaping @Sendable (Int) -> [Move])
        async throws
    {
        let port = FreePort.take()
        self.port = port
        let me = Mutex<PlainServer?>(nil)
        channel = try await ServerBootstrap(group: group).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    let server = me.withLock { $0 }!
                    let number = server.connections.add(1, ordering: .relaxed).oldValue
                    try channel.pipeline.syncOperations.addHandler(Script(server, moves(number)))
                }
            }.bind(host: host, port: port).get()
        me.withLock { $0 = self }
    }

    func close() async throws { try await channel.close() }

    private final class Script: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let server: PlainServer
        private var moves: [Move]
        private var text = ""
        private var isWaiting = true

        init(_ server: PlainServer, _ moves: [Move]) {
            self.server = server
            self.moves = moves
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard isWaiting, let head = text.range(of: "\r\n\r\n") else { return }
            let length =
                text[..<head.lowerBound].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            guard text[head.upperBound...].utf8.count >= length else { return }
            let request = text
            server.received.withLock { $0.append(request) }
            text = ""
            isWaiting = false
            go(context)
        }

        private func go(_ context: ChannelHandlerContext) {
            while !moves.isEmpty {
                switch moves.removeFirst() {
                case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .close: return context.close(promise: nil)
                case .wait(let time):
                    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                    context.eventLoop.scheduleTask(in: time) { [self] in go(bound.value) }
                    return
                case .next:
                    isWaiting = true
                    return
                }
            }
        }
    }
}

extension PlainServer.Move {
    static func answer(_ body: String, _ fields: String = "") -> Self {
        .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }
}
