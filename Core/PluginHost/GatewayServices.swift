import Mail
import PluginLoader

/// What the gateway does for runs in every home, its own process or a worker's.
struct GatewayServices: Sendable {
    var resolver: any Resolver
    var state: any FilterState
    var http: any HTTPFetcher

    /// `plugin`, `domain` and `egress` are the gateway's own knowledge of the run, never what the request says. nil: not the gateway's to do.
    func perform(
        _ request: ServiceRequest, of plugin: String, domain: String?, egress: Egress, answer: @escaping @Sendable (ServiceAnswer) -> Void
    ) -> (any ServiceWork)? {
        switch request {
        case .dns(let question): return QueryWork(query: resolver.resolve(question) { answer(.dns($0)) })
        case .state(let request):
            state.perform(request, in: StateSpace(plugin: plugin, domain: request.isPluginWide ? nil : domain)) { answer(.state($0)) }
            return NoWork()
        case .http(let request):
            guard let reach = egress.reach(of: request.url.origin) else {
                answer(.http(HTTPAnswer(.refused, detail: "no egress to \(request.url.origin)")))
                return NoWork()
            }
            return FetchWork(fetch: http.fetch(request, reach: reach) { answer(.http($0)) })
        case .timer, .token: return nil
        }
    }
}

private struct QueryWork: ServiceWork {
    let query: any DNSQuery
    func cancel() { query.cancel() }
}

private struct FetchWork: ServiceWork {
    let fetch: any HTTPFetch
    func cancel() { fetch.cancel() }
}

/// Cannot be given up: it is done all the same, and nobody looks at the answer.
struct NoWork: ServiceWork {
    func cancel() {}
}
