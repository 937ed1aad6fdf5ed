import Foundation
import GatewayTestKit
import Mail
import PluginLoader
import Synchronization
import Testing

@testable import PluginHost

/// A plugin that asks for all that a service has leaves the others theirs.
struct ShareTests {
    @Test func noMoreThanIsLeft() {
        let shares = ServiceShares(ServiceBounds(requests: 12, bytes: 1000), of: "questions")
        func take(_ plugin: String, _ bytes: Int = 1) -> Int { (0..<20).prefix { _ in shares.take(plugin, bytes) == nil }.count }
        #expect(take("a") == 6)
        #expect(shares.take("a", 1) == "a has 6 questions under way, and the rest is for other plugins")
        #expect(take("b") == 3)
        #expect(take("c") == 1)
        #expect(take("d") == 1)
        for _ in 0..<6 { shares.giveBack("a", 1) }
        #expect(take("c") == 3)
        #expect(take("a") == 2)
        for (plugin, count) in [("a", 2), ("b", 3), ("c", 4), ("d", 1)] { for _ in 0..<count { shares.giveBack(plugin, 1) } }
        // By their size, too.
        #expect(take("a", 100) == 5)
        #expect(shares.take("b", 501) != nil)
        #expect(shares.take("b", 250) == nil)
    }

    /// Takes operations down and answers them when told to.
    private final class HeldState: FilterState {
        let held = Mutex<[@Sendable (StateAnswer) -> Void]>([])
        func perform(_ request: StateRequest, in space: StateSpace, completion: @escaping @Sendable (StateAnswer) -> Void) {
            held.withLock { $0.append(completion) }
        }
    }

    @Test func eachServiceHasItsShares() {
        let (resolver, state, fetcher) = (HeldResolver(), HeldState(), ServiceTests.HeldFetcher())
        let services = GatewayServices(resolver: resolver, state: state, http: fetcher)
        let requests: [(ServiceRequest, ServiceBounds)] = [
            (.dns(DNSQuestion("a.example", .a)), .dns), (.state(StateRequest(key: [1], .get)), .state),
            (.http(HTTPRequest(url: HTTPURL("http://192.0.2.1/")!)), .http),
        ]
        for (request, bounds) in requests {
            let failures = Mutex<[String: [String]]>([:])
            let egress = Egress([EgressRule("http://192.0.2.1")!], settings: .object([:]))
            func ask(_ plugin: String) {
                _ = services.perform(request, of: plugin, domain: nil, egress: egress) { answer in
                    let detail: String? =
                        switch answer {
                        case .dns(let answer) where answer.status == .failed: answer.detail
                        case .state(let answer) where answer.status == .failed: answer.detail
                        case .http(let answer) where answer.status == .refused: answer.detail
                        default: nil
                        }
                    if let detail { failures.withLock { $0[plugin, default: []].append(detail) } }
                }
            }
            for _ in 0..<bounds.requests { ask("greedy") }
            let refused = failures.withLock { $0["greedy"] ?? [] }
            #expect(refused.count == bounds.requests / 2)
            #expect(refused.first?.hasPrefix("greedy has \(bounds.requests / 2) ") == true, "\(refused.first ?? "")")
            for _ in 0..<bounds.requests / 8 { ask("modest") }
            #expect(failures.withLock { $0["modest"] } == nil)
            // All are answered: it may go on.
            resolver.answer { _ in DNSAnswer(status: .found) }
            for completion in state.held.withLock({ $0 }) { completion(StateAnswer(.found)) }
            for held in fetcher.held.withLock({ $0 }) { held.completion(HTTPAnswer(.answered)) }
            state.held.withLock { $0 = [] }
            fetcher.held.withLock { $0 = [] }
            ask("greedy")
            #expect(failures.withLock { $0["greedy"]?.count } == refused.count)
            resolver.answer { _ in DNSAnswer(status: .found) }
        }
    }

    /// Works on with what was given up, as a real one does.
    private final class ToilingResolver: Resolver {
        private struct Query: DNSQuery {
            let completion: @Sendable (DNSAnswer) -> Void
            func cancel() { completion(DNSAnswer(status: .cancelled)) }
        }
        private let places = Mutex<[@Sendable () -> Void]>([])
        var taken: Int { places.withLock(\.count) }

        func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
            resolve(question, freed: {}, completion: completion)
        }
        func resolve(
            _ question: DNSQuestion, freed: @escaping @Sendable () -> Void, completion: @escaping @Sendable (DNSAnswer) -> Void
        ) -> any DNSQuery {
            places.withLock { $0.append(freed) }
            return Query(completion: completion)
        }
        func free(_ count: Int) {
            let freed = places.withLock { places in
                defer { places.removeFirst(count) }
                return places.prefix(count)
            }
            for place in freed { place() }
        }
    }

    @Test func questionsThatAreGivenUpCountUntilTheResolverIsDoneWithThem() {
        let resolver = ToilingResolver()
        let services = GatewayServices(resolver: resolver, state: HeldState(), http: ServiceTests.HeldFetcher())
        let half = ServiceBounds.dns.requests / 2
        for _ in 0..<ServiceBounds.dns.requests {
            let work = services.perform(
                .dns(DNSQuestion("a.example", .a)), of: "greedy", domain: nil, egress: Egress([], settings: .object([:]))
            ) { _ in }
            work?.cancel()
        }
        #expect(resolver.taken == half)
        resolver.free(10)
        for _ in 0..<20 {
            _ = services.perform(
                .dns(DNSQuestion("a.example", .a)), of: "greedy", domain: nil, egress: Egress([], settings: .object([:]))
            ) { _ in }
        }
        #expect(resolver.taken == half)
    }

    /// Through the ABI: what is refused is an answer like others, with its reason, and another plugin is asked for as always.
    @Test(arguments: ServiceTests.homes) func aPluginThatFillsItsShareIsToldAndNobodyElseSuffers(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        let fetcher = ServiceTests.HeldFetcher()
        plugins.http = fetcher
        let body = """
            const postern_http *http = EXT(postern_http, POSTERN_EXT_HTTP);
            if (call->reason == POSTERN_START) {
                uint64_t id; postern_http_request r = {.size = sizeof r, .url = text("http://127.0.0.1/"), .most_bytes = 1};
                for (int i = 0; i < COUNT; i++) CHECK(http->request(call, &r, &id) == POSTERN_OK);
                return POSTERN_SUSPEND;
            }
            if (call->reason == POSTERN_CANCEL) return POSTERN_DONE;
            const postern_http_response *a = call->completions[0].result;
            why[0] = 0;
            CHECK(a->status == POSTERN_HTTP_ANSWERED);
            out->add_symbol(out, text("FOUND"), why[0] ? 0 : 1, a->detail, NULL, NULL);
            return POSTERN_DONE;
            """
        for (id, count) in [("greedy", 256), ("modest", 1)] {
            try plugins.compile(
                body.replacingOccurrences(of: "COUNT", with: "\(count)"), id: id, globals: ServiceTests.globals(["http"]),
                manifest: ServiceTests.requires("http", egress: #"["http://127.0.0.1"]"#))
        }
        let first = try (0..<2).map { _ in try plugins.start(.rcpt, id: "greedy") }
        try await plugins.settle { fetcher.held.withLock(\.count) == 512 }
        let (_, third) = try plugins.start(.rcpt, id: "greedy")
        let refused = try #require(try await plugins.verdict(third).symbols.first)
        #expect(refused.factor == 0 && refused.detail == "greedy has 512 HTTP requests under way, and the rest is for other plugins")
        let (_, modest) = try plugins.start(.rcpt, id: "modest")
        try await plugins.settle { fetcher.held.withLock(\.count) == 513 }
        fetcher.held.withLock { $0.last }?.completion(HTTPAnswer(.answered))
        #expect(try await plugins.verdict(modest).symbols.map(\.factor) == [1])
        #expect(first.allSatisfy { $0.1.verdicts.isEmpty })
        // What is given up is given back, as soon as its end is told.
        for (run, _) in first { run.cancel(.sessionEnded) }
        for held in fetcher.held.withLock({ $0.prefix(512) }) { held.completion(HTTPAnswer(.failed)) }
        let (_, fourth) = try plugins.start(.rcpt, id: "greedy")
        try await plugins.settle { fetcher.held.withLock(\.count) == 513 + 256 }
        for held in fetcher.held.withLock({ $0.suffix(256) }) { held.completion(HTTPAnswer(.answered)) }
        #expect(try await plugins.verdict(fourth).symbols.map(\.factor) == [1])
    }
}
