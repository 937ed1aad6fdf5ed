import Mail
import PluginLoader

/// What the gateway does for runs in every home, its own process or a worker's: of each service, a plugin its share.
struct GatewayServices: Sendable {
    var resolver: any Resolver
    var state: any FilterState
    var http: any HTTPFetcher
    private let questions = ServiceShares(.dns, of: "DNS questions")
    private let operations = ServiceShares(.state, of: "state operations")
    private let requests = ServiceShares(.http, of: "HTTP requests")

    init(resolver: any Resolver, state: any FilterState, http: any HTTPFetcher) {
        self.resolver = resolver
        self.state = state
        self.http = http
    }

    /// `plugin`, `domain` and `egress` are the gateway's own knowledge of the run, never what the request says. nil: not the gateway's to do.
    func perform(
        _ request: ServiceRequest, of plugin: String, domain: String?, egress: Egress, answer: @escaping @Sendable (ServiceAnswer) -> Void
    ) -> (any ServiceWork)? {
        switch request {
        case .dns(let question):
            let bytes = question.name.utf8.count
            if let refusal = questions.take(plugin, bytes) {
                answer(.dns(DNSAnswer(status: .failed, security: .indeterminate, detail: refusal)))
                return NoWork()
            }
            return QueryWork(
                query: resolver.resolve(question, freed: { [questions] in questions.giveBack(plugin, bytes) }) {
                    answer(.dns($0))
                })
        case .state(let request):
            let bytes = request.bytes
            if let refusal = operations.take(plugin, bytes) {
                answer(.state(StateAnswer(.failed, detail: refusal)))
                return NoWork()
            }
            state.perform(request, in: StateSpace(plugin: plugin, domain: request.isPluginWide ? nil : domain)) { [operations] in
                operations.giveBack(plugin, bytes)
                answer(.state($0))
            }
            return NoWork()
        case .http(let request):
            guard let reach = egress.reach(of: request.url.origin) else {
                answer(.http(HTTPAnswer(.refused, detail: "no egress to \(request.url.origin)")))
                return NoWork()
            }
            let bytes = request.bytes
            if let refusal = requests.take(plugin, bytes) {
                answer(.http(HTTPAnswer(.refused, detail: refusal)))
                return NoWork()
            }
            return FetchWork(
                fetch: http.fetch(request, reach: reach) { [requests] in
                    requests.giveBack(plugin, bytes)
                    answer(.http($0))
                })
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
