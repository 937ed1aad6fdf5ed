import PosternKit

/// Awaits in each of the ways that the kit offers; the tests load it through the real ABI.
struct AsyncFilter: Filter {
    init(settings: Settings, host: Host) throws {}

    func connect(_ call: Call) async throws {
        call.detach(joinBefore: .rcpt)
        let reversed = call.session.client.reversed
        let answers = await call.resolve([DNSQuestion("\(reversed).one.example", .a), DNSQuestion("\(reversed).two.example", .a)])
        for (list, answer) in zip(["ONE", "TWO"], answers) where answer.status == .found {
            call.add("LIST_" + list, detail: "\(answer.ipv4)")
        }
    }

    static let metrics = [MetricDefinition("calls_total", .counter, .init("result", ["new", "known"]))]

    /// Each service once; the findings say what came of it.
    func mail(_ call: Call) async throws {
        let key = StateKey("sender/\(call.transaction?.reversePathDomain ?? "-")")
        let first = try await call.state.put(key, [1, 2, 3], kept: .seconds(60), if: .ifAbsent)
        let entry = try await call.state.get(key)
        let again = try await call.state.put(key, [4], if: .ifVersion((first ?? 0) + 1))
        let count = try await call.sharedState.count("all", add: 5, window: .seconds(60))
        let page = try await call.state.scan("sender/", limit: 1)
        call.add(
            "LIST_STATE",
            detail: "\(first != nil) \(entry?.value ?? []) \(again == nil) \(count) \(page.entries.map(\.value)) \(page.hasMore)")
        let results = await call.state.perform([.remove(key), .get(key), .count("all", 0, window: .seconds(60))])
        call.add("LIST_BATCH", detail: results.map { "\($0.status)" }.joined(separator: " "))

        do {
            let response = try await call.http(
                HTTPRequest("POST", "http://127.0.0.1:8080/x", headers: [HTTPHeader("A", "b")], body: [104, 105], mostBytes: 100))
            call.add("LIST_HTTP", detail: "\(response.code) \(response.field("x-b") ?? "") \(response.body)")
        } catch { call.add("LIST_HTTP", detail: "\(error)") }
        do {
            _ = try await call.http(HTTPRequest("GET", "http://127.0.0.2/"))
        } catch { call.add("LIST_EGRESS", detail: "\(error.reason)") }

        let earlier = call.earlierVerdicts
        call.add(
            "LIST_EARLIER",
            detail: "\(earlier.map { "\($0.filter) \($0.result)" }) \(earlier.flatMap(\.findings).map { "\($0.symbol) \($0.score)" })")

        let digest = [UInt8](repeating: 9, count: 32)
        let before = call.host.cache?.get(digest)
        call.host.cache?.put(digest, [UInt8](repeating: 7, count: 3000))
        call.host.metric("calls_total").record(1, before == nil ? "new" : "known")
        call.add("LIST_CACHE", detail: "\(before?.count ?? 0) \(call.host.cache?.get(digest)?.count ?? 0)")

        let bytes = await call.token { token in
            let thread = Task.detached { token.complete([42]) }
            _ = thread
        }
        var random = call.host.random
        call.add("LIST_TOKEN", detail: "\(bytes ?? []) \(random.next() != random.next())")
    }

    func rcpt(_ call: Call) async throws {
        await withTaskGroup(of: Void.self) { group in
            for name in ["a.example", "b.example"] {
                group.addTask {
                    let answer = await call.resolve(name, .txt)
                    if answer.status == .found { call.add("LIST_" + (answer.texts.first ?? "")) }
                }
            }
        }
        await call.sleep(.seconds(2))
        call.add("FOUND", detail: call.recipient?.address ?? "")
    }

    func route(_ call: Call, _ route: Route) async throws {
        var requirement = RouteRequirement()
        requirement.isVerified = route.isByMX && route.isOutbound
        requirement.minimumTLS = .v13
        requirement.names = ["one.\(route.destination)", "two.\(route.destination)"]
        requirement.hosts = ["*.\(route.destination)"]
        requirement.reason = "the kit"
        requirement.ttl = 300
        call.require(requirement)
    }

    func peer(_ call: Call, _ route: Route, _ peer: Peer) async throws {
        let certificates = peer.certificates.map { "\($0.der) \($0.publicKey)" }
        let address = peer.address?.description ?? "-"
        call.propose(
            .defer(text: "\(route.destination) \(peer.host) \(address) \(peer.port) \(peer.tlsVersion) \(certificates) \(peer.names)"))
    }

    func data(_ call: Call) async throws {
        _ = await call.resolve("c.example", .a)
        throw FilterError("the engine is out of order")
    }
}

private let plugin = Plugin(AsyncFilter.self, id: "async", version: "1")

@c(postern_plugin_entry)
public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
