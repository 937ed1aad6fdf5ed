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
        v1.get("queue") { [backend] request, _ in
            let query = try QueueParameters.query(request, among: Set(RecipientState.allCases), otherwise: QueueQuery.waiting)
            return try await Response.json(backend.queue(query))
        }
        v1.get("queue/:id") { [backend] _, context in try await Response.json(backend.entry(Self.id(in: context))) }
        v1.get("queue/:id/message") { [backend] _, context in
            try await Response.message(backend.message(Self.id(in: context), isHeader: false))
        }
        v1.get("queue/:id/header") { [backend] _, context in
            try await Response.message(backend.message(Self.id(in: context), isHeader: true))
        }
        for operation in QueueOperation.allCases {
            v1.post("queue/:id/\(operation.rawValue)") { [backend] request, context in
                let states = try QueueParameters.states(request, among: operation.states)
                return try await Response.json(backend.carryOut(operation, on: Self.id(in: context), in: states))
            }
            v1.post("copies/\(operation.rawValue)") { [backend] request, _ in
                let query = try QueueParameters.query(request, among: operation.states, otherwise: operation.states, isChange: true)
                return try await Response.json(backend.carryOut(operation, where: query))
            }
        }
        v1.get("destinations") { [backend] _, _ in try await Response.json(backend.destinations()) }
        // Two paths and no parameters, so that a misspelt one flushes nothing instead of all.
        v1.post("flush") { [backend] _, _ in try await Response.json(backend.flush(.all)) }
        v1.post("flush/domain/:domain") { [backend] _, context in
            try await Response.json(backend.flush(.domain(Self.domain(in: context))))
        }
        v1.get("trace/:id") { [backend] _, context in try await Response.json(backend.trace(Self.id(in: context))) }
        v1.get("inflight") { [backend] _, _ in try await Response.json(backend.inFlight()) }
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

    private static func id(in context: BasicRequestContext) throws -> QueueID {
        try QueueParameters.id(context.parameters.get("id") ?? "")
    }

    private static func domain(in context: BasicRequestContext) throws -> String {
        let text = (context.parameters.get("domain")?.removingPercentEncoding ?? "").lowercased()
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw ControlFailure(.badRequest, "that is no domain name", mend: "give one as in example.com")
        }
        return text
    }
}
