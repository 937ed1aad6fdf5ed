import Foundation
import Hummingbird
import Mail

/// The admin API: which method and path asks what of the backend. README.md lists them for people.
struct ControlRoutes {
    let backend: any ControlBackend

    /// All of it, for the socket.
    func all() -> Router<BasicRequestContext> {
        let router = observation()
        let v1 = router.group("v1")
        v1.get("status") { [backend] _, _ in try await Response.json(backend.status()) }
        v1.post("reload") { [backend] _, _ in try await Response.json(backend.reload()) }
        v1.post("restart") { [backend] _, _ in try await Response.json(backend.restart()) }
        v1.post("upgrade") { [backend] _, _ in try await Response.json(backend.upgrade()) }
        v1.get("queue") { [backend] request, _ in try await Response.json(backend.queue(Self.query(of: request))) }
        v1.get("queue/:id") { [backend] _, context in try await Response.json(backend.entry(Self.id(in: context))) }
        v1.delete("queue/:id") { [backend] request, context in
            try await Response.json(backend.delete(Self.id(in: context), in: Self.states(of: request, among: QueueQuery.unfinished)))
        }
        v1.post("queue/:id/hold") { [backend] _, context in try await Response.json(backend.hold(Self.id(in: context))) }
        v1.post("queue/:id/release") { [backend] request, context in
            try await Response.json(backend.release(Self.id(in: context), in: Self.states(of: request, among: QueueQuery.kept)))
        }
        // Three paths and no parameters, so that a misspelt one flushes nothing instead of all.
        v1.post("flush") { [backend] _, _ in try await Response.json(backend.flush(.all)) }
        v1.post("flush/domain/:domain") { [backend] _, context in
            try await Response.json(backend.flush(.domain(Self.domain(in: context))))
        }
        v1.post("flush/message/:id") { [backend] _, context in
            try await Response.json(backend.flush(.message(Self.id(in: context))))
        }
        v1.get("trace/:id") { [backend] _, context in try await Response.json(backend.trace(Self.id(in: context))) }
        v1.get("plugins") { [backend] _, _ in try await Response.json(backend.plugins()) }
        v1.get("domains/:domain/filters") { [backend] _, context in
            try await Response.json(backend.filters(of: Self.domain(in: context)))
        }
        return router
    }

    /// What a balancer or Prometheus asks: the whole of the TCP address.
    func observation() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: FailureResponses())
        router.get("health") { [backend] _, _ in
            let status = try await backend.status()
            return try Response.json(status, status: status.ready ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { [backend] _, _ in
            let text = try await backend.metrics()
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        return router
    }

    private static func id(in context: BasicRequestContext) throws -> QueueID { try id(context.parameters.get("id") ?? "") }

    private static func id(_ text: String) throws -> QueueID {
        guard let id = QueueID(text) else {
            throw ControlFailure(
                .badRequest, "'\(text.prefix(40))' is no queue ID",
                mend: "a queue ID is 13 digits and letters, as `postern queue list` shows")
        }
        return id
    }

    private static func domain(in context: BasicRequestContext) throws -> String {
        let text = (context.parameters.get("domain")?.removingPercentEncoding ?? "").lowercased()
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw ControlFailure(.badRequest, "that is no domain name", mend: "give one as in example.com")
        }
        return text
    }

    /// `?state=queued,held&after=ID&limit=N`; `state=all` names every state. An unknown name is refused, so that a misspelt filter does not
    /// list everything.
    private static func query(of request: Request) throws -> QueueQuery {
        var query = QueueQuery()
        for (name, value) in request.uri.queryParameters {
            switch name {
            case "state": query.states = try states(value, among: Set(RecipientState.allCases))
            case "after": query.after = try id(String(value))
            case "limit":
                guard let limit = Int(value), (1...ControlLimits.pageSize).contains(limit) else {
                    throw ControlFailure(.badRequest, "limit is not a number from 1 to \(ControlLimits.pageSize)")
                }
                query.limit = limit
            default: throw unknownParameter(name, known: "state, after, limit")
            }
        }
        return query
    }

    /// `?state=quarantined`; all of `possible` when none is named.
    private static func states(of request: Request, among possible: Set<RecipientState>) throws -> Set<RecipientState> {
        var result = possible
        for (name, value) in request.uri.queryParameters {
            guard name == "state" else { throw unknownParameter(name, known: "state") }
            result = try states(value, among: possible)
        }
        return result
    }

    private static func states(_ value: Substring, among possible: Set<RecipientState>) throws -> Set<RecipientState> {
        if value == "all" { return possible }
        return Set(
            try value.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let state = RecipientState(word: word), possible.contains(state) else {
                    let words = possible.sorted { $0.rawValue < $1.rawValue }.map(\.word)
                    throw ControlFailure(
                        .badRequest, "'\(word.prefix(40))' is no state that can be named here",
                        mend: "the states are all, " + words.joined(separator: ", "))
                }
                return state
            })
    }

    private static func unknownParameter(_ name: Substring, known: String) -> ControlFailure {
        ControlFailure(.badRequest, "'\(name.prefix(40))' is no parameter", mend: "the parameters: \(known)")
    }
}
