import Glibc
import Mail
import NIOCore
import NIOHTTP1
import NIOPosix

/// The admin API from the other end of the socket: what the command line asks a running gateway with. One connection a request.
/// Every error is a `ControlFailure`.
public struct ControlClient: ControlBackend {
    public let socket: String
    private let patience: Duration

    public init(socket: String, patience: Duration = ControlLimits.answer) {
        self.socket = socket
        self.patience = patience
    }

    public func status() async throws -> GatewayStatus { try await ask(.GET, "/v1/status") }
    public func reload() async throws -> ReloadResult { try await ask(.POST, "/v1/reload") }
    public func restart() async throws -> ReplacementResult { try await ask(.POST, "/v1/restart") }
    public func upgrade() async throws -> ReplacementResult { try await ask(.POST, "/v1/upgrade") }
    public func entry(_ id: QueueID) async throws -> QueueEntry { try await ask(.GET, "/v1/queue/\(id)") }
    public func destinations() async throws -> [DestinationRecord] { try await ask(.GET, "/v1/destinations") }
    public func carryOut(_ operation: QueueOperation, on id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult {
        try await ask(.POST, "/v1/queue/\(id)/\(operation.rawValue)?state=\(Self.words(states))")
    }
    public func carryOut(_ operation: QueueOperation, where query: QueueQuery) async throws -> ChangePage {
        try await ask(.POST, "/v1/copies/\(operation.rawValue)?\(Self.parameters(query))\(query.filter.isEmpty ? "&all=true" : "")")
    }
    public func trace(_ id: QueueID) async throws -> [ReceiptRecord] { try await ask(.GET, "/v1/trace/\(id)") }
    public func inFlight() async throws -> InFlightPage { try await ask(.GET, "/v1/inflight") }
    public func plugins() async throws -> [PluginRecord] { try await ask(.GET, "/v1/plugins") }
    public func filters(of domain: String) async throws -> DomainFilters {
        try await ask(.GET, "/v1/domains/\(Self.escaped(domain))/filters")
    }

    public func metrics() async throws -> String { String(decoding: try await send(.GET, "/metrics"), as: UTF8.self) }

    public func queue(_ query: QueueQuery) async throws -> QueuePage { try await ask(.GET, "/v1/queue?\(Self.parameters(query))") }

    public func message(_ id: QueueID, isHeader: Bool) async throws -> Region {
        Region(copying: try await send(.GET, "/v1/queue/\(id)/\(isHeader ? "header" : "message")", most: ControlLimits.message))
    }

    private static func parameters(_ query: QueueQuery) -> String {
        let filter = query.filter
        var text = "state=\(words(query.states))&limit=\(query.limit)"
        for (name, value) in [("domain", filter.domain), ("to", filter.to), ("from", filter.from), ("reason", filter.reason)] {
            if let value { text += "&\(name)=\(escaped(value))" }
        }
        if let age = filter.olderThan { text += "&older=\(age.components.seconds)" }
        if let after = query.after { text += "&after=\(after)" }
        return text
    }

    public func flush(_ scope: FlushScope) async throws -> ChangeResult {
        switch scope {
        case .all: try await ask(.POST, "/v1/flush")
        case .domain(let domain): try await ask(.POST, "/v1/flush/domain/\(Self.escaped(domain))")
        }
    }

    private static func words(_ states: Set<RecipientState>) -> String {
        states.sorted { $0.rawValue < $1.rawValue }.map(\.word).joined(separator: ",")
    }

    private func ask<Value: Decodable>(_ method: HTTPMethod, _ path: String) async throws -> Value {
        let bytes = try await send(method, path)
        do {
            return try ControlJSON.decode(Value.self, bytes)
        } catch {
            throw ControlFailure(
                .failed, "the gateway's answer to \(method) \(path) is not what this command expects",
                mend: "use the `postern` of the same release as the gateway")
        }
    }

    /// The body of a positive answer.
    private func send(_ method: HTTPMethod, _ path: String, most: Int = ControlLimits.response) async throws -> [UInt8] {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers = ["Host": "localhost", "Connection": "close", "Content-Length": "0"]
        let answer: HTTPExchange.Answer
        do {
            answer = try await exchange(head, most: most)
        } catch let failure as ControlFailure {
            throw failure
        } catch {
            throw unreachable(error)
        }
        let bytes = Array(answer.body.readableBytesView)
        guard (200..<300).contains(answer.status) else {
            let body = try? ControlJSON.decode(ControlFailureBody.self, bytes)
            throw ControlFailure(
                .init(rawValue: answer.status) ?? .failed, body?.error ?? "the gateway answered with status \(answer.status)",
                mend: body?.mend ?? "", problems: body?.problems ?? [])
        }
        return bytes
    }

    private func exchange(_ head: HTTPRequestHead, most: Int) async throws -> HTTPExchange.Answer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: HTTPExchange.Answer.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(HTTPExchange(head, most: most, promise: promise))
                    }
                }
                .connect(unixDomainSocketPath: socket).get()
        } catch {
            promise.fail(error)
            throw error
        }
        let timer = loop.scheduleTask(in: .nanoseconds(patience.microseconds &* 1000)) {
            promise.fail(ControlFailure(.timeout, "the gateway on \(socket) gave no answer within \(patience)", mend: "look at its log"))
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        return try await promise.futureResult.get()
    }

    private func unreachable(_ error: any Error) -> ControlFailure {
        switch (error as? IOError)?.errnoCode {
        case ENOENT, ECONNREFUSED:
            ControlFailure(
                .unavailable, "no gateway listens on \(socket)",
                mend: "start it with `postern run`, or name its socket with --control, or its configuration with --config")
        case EACCES, EPERM:
            ControlFailure(.unavailable, "this user may not open \(socket)", mend: "run the command as the gateway's user")
        default:
            ControlFailure(.unavailable, "cannot talk to the gateway on \(socket): \(error)", mend: "name its socket with --control")
        }
    }

    /// A path segment (RFC 3986 section 3.3), everything but unreserved characters escaped.
    private static func escaped(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): out.append(byte)
            default: out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
