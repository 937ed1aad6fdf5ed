import Foundation
import Mail
import PluginHost
import Store
import Testing

/// The Swift kit's async/await over the step function, through the real ABI.
struct KitTests {
    private func load(_ manifest: [String: String] = [:]) throws -> TestPlugins {
        let plugins = try TestPlugins()
        try FileManager.default.copyItem(at: Self.library.get(), to: URL(filePath: plugins.folder + "/async.so"))
        try plugins.write(manifest: manifest, id: "async")
        return plugins
    }

    /// Built once.
    private static let library = Result {
        let scratch = ProcessInfo.processInfo.environment["POSTERN_KIT_BUILD"] ?? NSTemporaryDirectory() + "/postern-kit-build"
        try run("swift", ["build", "--package-path", TestPlugins.tree + "/Tests/SDK/async-filter", "--scratch-path", scratch])
        return URL(filePath: scratch + "/debug/libasync.so")
    }

    @Test func questionsTogetherDetachedAndJoined() throws {
        let plugins = try load()
        let (_, events) = try plugins.start(.connect, id: "async")
        #expect(plugins.resolver.questions.map(\.name) == ["1.2.0.192.one.example", "1.2.0.192.two.example"])
        #expect(events.detached == [.rcpt])
        plugins.resolver.answer {
            $0.name.contains("two") ? DNSAnswer(status: .found, records: [[127, 0, 0, 2]]) : DNSAnswer(status: .nameError)
        }
        plugins.loop.runPending()
        #expect(events.verdicts.first?.symbols.map(\.name) == ["LIST_TWO"])
        #expect(events.verdicts.first?.symbols.first?.detail == "[2130706434]")
    }

    @Test func taskGroupAndTimer() throws {
        let plugins = try load()
        let (run, events) = try plugins.start(.rcpt, id: "async")
        #expect(plugins.resolver.questions.map(\.name) == ["a.example", "b.example"])
        plugins.resolver.answer { _ in DNSAnswer(status: .found, records: [[3, 65, 66, 67]]) }
        plugins.loop.runPending()
        #expect(run.waits == ["timer 2.0s 0.0s"])
        plugins.loop.advance(by: .seconds(2))
        #expect(events.verdicts.first?.symbols.map(\.name) == ["LIST_ABC", "LIST_ABC", "FOUND"])
        #expect(events.verdicts.first?.symbols.last?.detail == "b@example.com")
    }

    @Test func waysAndServers() throws {
        let plugins = try load(["phases": #"["route", "peer"]"#, "rights": #"["route", "defer"]"#])
        plugins.host.rescan()
        let instance = try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "async"))
        var call = FilterCall(
            phase: .route, session: plugins.call(.connect).session, recipients: .none, domain: "d.example", slotName: "slot")
        call.route = RouteQuestion(role: .outbound, policyDomain: "d.example", destination: "far.example", isByMX: true)
        let events = Events()
        _ = instance.start(call, on: plugins.loop) { events.add($0) }
        #expect(
            events.verdicts.first?.requirements == [
                RouteRequirement(
                    minimumTLS: .v13, isVerified: true, names: ["one.far.example", "two.far.example"], hosts: ["*.far.example"],
                    reason: "the kit", duration: .seconds(300))
            ])
        call.phase = .peer
        call.peer = PeerFacts(
            host: "mx.far.example", address: IPAddress("192.0.2.3"), port: 25, tls: TLSFacts(version: "TLSv1.3", cipher: ""),
            chain: [PeerCertificate(bytes: [1, 2], publicKey: [3])], names: ["a", "b"])
        _ = instance.start(call, on: plugins.loop) { events.add($0) }
        guard case .defer(let reply)? = events.verdicts.last?.proposals.first?.action else { Issue.record("nothing"); return }
        #expect(reply.lines == [#"far.example mx.far.example 192.0.2.3 25 TLSv1.3 ["[1, 2] [3]"] ["a", "b"]"#])
    }

    @Test func aThrownErrorIsTheResult() throws {
        let plugins = try load()
        let (_, events) = try plugins.start(.data, id: "async", message: "\r\n")
        plugins.resolver.answer { _ in DNSAnswer(status: .failed) }
        plugins.loop.runPending()
        #expect(events.verdicts.map(\.result) == [.error])
        #expect(events.verdicts.first?.detail == "the engine is out of order")
    }

    @Test(arguments: [Phase.connect, .rcpt, .data])
    func cancelAtTheFirstAwait(_ phase: Phase) throws {
        let plugins = try load()
        let (run, events) = try plugins.start(phase, id: "async", message: "\r\n")
        run.cancel(.timeout)
        plugins.resolver.answer { _ in DNSAnswer(status: .found) }
        plugins.loop.runPending()
        #expect(events.verdicts.map(\.result) == [.timeout])
        let status = try #require(plugins.host.list().first { $0.id == "async" })
        #expect(status.calls == 2 && status.running == 0)
    }

    @Test func everyServiceOnce() async throws {
        let folder = NSTemporaryDirectory() + "/postern-kit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ids = ["state", "http", "verdicts", "cache", "metrics", "token", "random"]
        let plugins = try load([
            "phases": #"["mail"]"#, "egress": #"["http://127.0.0.1:8080"]"#,
            "requires": "[" + ids.map { "\"postern.\($0)/1\"" }.joined(separator: ", ") + "]",
        ])
        let state = try SQLiteFilterState(folder: folder, clock: plugins.loop, reserve: 0)
        defer { state.close() }
        plugins.state = state
        let fetcher = ServiceTests.HeldFetcher()
        plugins.http = fetcher
        let earlier = EarlierVerdict(
            filter: "lists", phase: .connect, result: .done,
            findings: [.init(symbol: "RBL_A", factor: 1, score: 2.5, detail: "", recipients: .all)])
        for cached in [0, 3000] {
            let (_, events) = try plugins.start(.mail, id: "async", earlier: [earlier])
            while fetcher.held.withLock({ $0.isEmpty }) {
                plugins.loop.runPending()
                try #require(events.verdicts.isEmpty, "\(events.verdicts)")
                try await Task.sleep(for: .milliseconds(2))
            }
            let held = fetcher.held.withLock { $0.removeFirst() }
            #expect(held.request.method == "POST" && held.request.body == [104, 105] && held.request.mostBytes == 100)
            var answer = HTTPAnswer(.answered)
            answer.code = 200
            answer.headers = [HTTPHeader("X-B", "c")]
            answer.body = [1]
            held.completion(answer)
            let verdict = try await plugins.verdict(events)
            #expect(
                verdict.symbols.map { "\($0.name) \($0.detail)" } == [
                    "LIST_STATE true [1, 2, 3] true \(cached == 0 ? 5 : 10) [[1, 2, 3]] false",
                    "LIST_BATCH done absent done", "LIST_HTTP 200 c [1]", "LIST_EGRESS refused",
                    #"LIST_EARLIER ["lists done"] ["RBL_A 2.5"]"#, "LIST_CACHE \(cached) 3000", "LIST_TOKEN [42] true",
                ])
        }
    }

    @Test func cancelWhileAServiceIsAsked() throws {
        let plugins = try load(["phases": #"["mail"]"#, "requires": #"["postern.state/1"]"#, "optional": #"["postern.http/1"]"#])
        plugins.state = SilentState()
        let (run, events) = try plugins.start(.mail, id: "async")
        #expect(run.waits == ["state put 0.0s"])
        run.cancel(.timeout)
        #expect(events.verdicts.map(\.result) == [.timeout])
    }

    /// Never answers.
    private struct SilentState: FilterState {
        func perform(_ request: StateRequest, in space: StateSpace, completion: @escaping @Sendable (StateAnswer) -> Void) {}
    }
}
