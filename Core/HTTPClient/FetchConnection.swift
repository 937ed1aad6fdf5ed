import Mail
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// A connection to a server: one request after the other. Bound to its loop.
final class FetchConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// connecting -> ready <-> busy -> closed
    private enum State { case connecting, ready, busy, closed }

    let key: ServerPool.Key
    private let pool: ServerPool
    private let mostFields: Int
    private var state = State.connecting
    private var context: ChannelHandlerContext?
    private var fetch: Fetch?
    private var builder: ResponseBuilder?
    /// The request is written whole.
    private var isSent = false
    private var requests = 0
    private var fault: (any Error)?
    private var idleTimer: Scheduled<Void>?
    /// Told once: ready, or why not.
    private var opened: EventLoopPromise<Void>?

    init(_ key: ServerPool.Key, pool: ServerPool, mostFields: Int, opened: EventLoopPromise<Void>) {
        self.key = key
        self.pool = pool
        self.mostFields = mostFields
        self.opened = opened
    }

    // MARK: Opening

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive, !key.origin.isTLS { becomeReady() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { if !key.origin.isTLS { becomeReady() } }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return context.fireUserInboundEventTriggered(event) }
        if IPAddress(key.origin.host) == nil {
            let certificate = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self).peerCertificate
            guard let certificate, Self.names(key.origin.host, certificate) else {
                fault = HostLookup.Failure(text: "the certificate does not name \(key.origin.host)")
                return context.close(promise: nil)
            }
        }
        becomeReady()
    }

    /// The library takes a certificate for the address too; but an address that the DNS gave proves nothing.
    private static func names(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            name.nameType == .dnsName
                && PresentedName.matches(host, pattern: name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        }
    }

    private func becomeReady() {
        guard state == .connecting else { return }
        state = .ready
        opened?.succeed()
        opened = nil
    }

    func failedToOpen(_ error: any Error) {
        state = .closed
        opened?.fail(error)
        opened = nil
    }

    // MARK: A request

    func send(_ fetch: Fetch) {
        guard state == .ready, let context else { return fetch.end(HTTPAnswer(.failed, detail: "the server closed the connection")) }
        idleTimer?.cancel()
        idleTimer = nil
        state = .busy
        requests += 1
        self.fetch = fetch
        fetch.connection = self
        builder = ResponseBuilder(fetch.request, mostFields: mostFields)
        isSent = false
        let request = fetch.request
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.url.target)
        head.headers.add(name: "Host", value: request.url.origin.authority)
        for header in request.headers { head.headers.add(name: header.name, value: header.value) }
        if !head.headers.contains(name: "User-Agent") { head.headers.add(name: "User-Agent", value: "Postern") }
        if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
            head.headers.add(name: "Content-Length", value: String(request.body.count))
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: request.body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenSuccess { [self] in isSent = true }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What nobody asked for: nothing that comes on this connection can be trusted any more.
        guard state == .busy, builder != nil, let fetch else { return context.close(promise: nil) }
        switch builder!.take(unwrapInboundIn(data)) {
        case .more: break
        case .broken(let text): lose(HTTPAnswer(.failed, detail: text))
        case .done(let keeps):
            let answer = builder!.result
            self.fetch = nil
            fetch.connection = nil
            builder = nil
            if keeps, isSent {
                state = .ready
                fetch.end(answer)
                pool.freed(self)
            } else {
                fetch.end(answer)
                context.close(promise: nil)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if fault == nil { fault = error }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let before = state
        state = .closed
        idleTimer?.cancel()
        let fetch = self.fetch
        self.fetch = nil
        fetch?.connection = nil
        let error = fault ?? ChannelError.inputClosed
        opened?.fail(error)
        opened = nil
        pool.closed(self)
        guard before == .busy, let fetch else { return }
        // A kept connection may have been dead before the request was on it.
        if requests > 1, builder?.hasBegun == false, fetch.request.isIdempotent, !fetch.hasBeenSentAgain {
            fetch.hasBeenSentAgain = true
            return pool.start(fetch)
        }
        fetch.end(HTTPAnswer(.failed, detail: FetchFailure.text(error)))
    }

    private func lose(_ answer: HTTPAnswer) {
        let fetch = self.fetch
        self.fetch = nil
        fetch?.connection = nil
        fetch?.end(answer)
        context?.close(promise: nil)
    }

    /// The one whose request it has waits no more: what comes is not to be taken for another's answer.
    func abandoned(by fetch: Fetch) {
        guard self.fetch === fetch else { return }
        self.fetch = nil
        close()
    }

    // MARK: Idle

    func keep(for time: TimeAmount) {
        idleTimer = context?.eventLoop.scheduleTask(in: time) { [self] in close() }
    }

    func close() { context?.close(promise: nil) }
}
