import Foundation
import GatewayTestKit
import Mail
import Store
import Synchronization
import Testing

@testable import PluginLoader

/// The services that ask the gateway for something, through the real ABI.
struct ServiceTests {
    /// Declarations, and a check that names the line that failed.
    static func globals(_ ids: [String], _ more: String = "") -> String {
        ids.map { "#include \"postern/ext/\($0).h\"\n" }.joined() + """
            #include <stdio.h>
            static char why[64];
            #define CHECK(x) do { if (!(x) && !why[0]) snprintf(why, sizeof why, "line %d", __LINE__); } while (0)
            #define IS(b, t) ((b).length == strlen(t) && !memcmp((b).data, t, (b).length))
            #define RESULT (out->add_symbol(out, text("FOUND"), why[0] ? 0 : 1, text(why), NULL, NULL), POSTERN_DONE)
            #define EXT(type, id) ((const type *)call->host->extension(call->host, id))

            """ + more
    }

    /// The same plugin, the same verdict, wherever it runs.
    static let homes = [FilterManifest.Home.host, .worker]

    static func requires(_ ids: String..., egress: String = "", more: [String: String] = [:]) -> [String: String] {
        var manifest = more
        manifest["requires"] = "[" + (["dns", "timer"] + ids).map { "\"postern.\($0)/1\"" }.joined(separator: ", ") + "]"
        if !egress.isEmpty { manifest["egress"] = egress }
        return manifest
    }

    private func expect(_ verdict: Verdict, _ place: SourceLocation = #_sourceLocation) {
        #expect(verdict.result == .done && verdict.symbols.first?.factor == 1, "\(verdict)", sourceLocation: place)
    }

    // MARK: State

    static let stateGlobals = globals(
        ["state"],
        """
        static postern_state_result seen[8]; static uint64_t ids[8]; static int got;
        static void take(const postern_call *call) {
            for (uint32_t i = 0; i < call->completion_count; i++) {
                const postern_completion *c = (const postern_completion *)((const char *)call->completions + i * call->completion_size);
                for (int j = 0; j < 8; j++)
                    if (ids[j] == c->operation && c->status == POSTERN_OK) { seen[j] = *(const postern_state_result *)c->result; got++; }
            }
        }
        """)

    @Test(arguments: homes) func `state: every operation, with its result, in order`(_ home: FilterManifest.Home) async throws {
        let folder = NSTemporaryDirectory() + "/postern-services-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let plugins = try TestPlugins(home)
        let state = try SQLiteFilterState(folder: folder, clock: plugins.loop, reserve: 0)
        defer { state.close() }
        plugins.state = state
        try plugins.compile(
            """
            const postern_state *state = EXT(postern_state, POSTERN_EXT_STATE);
            if (call->reason == POSTERN_START) {
                got = 0;
                postern_state_operation ops[7] = {
                    {.kind = POSTERN_STATE_PUT, .condition = POSTERN_STATE_IF_ABSENT, .key = text("k/1"), .value = text("one"), .duration = 5000000},
                    {.kind = POSTERN_STATE_GET, .key = text("k/1")},
                    {.kind = POSTERN_STATE_PUT, .key = text("k/1"), .value = text("two"), .condition = POSTERN_STATE_IF_VERSION, .version = 999999},
                    {.kind = POSTERN_STATE_COUNT, .key = text("n"), .duration = 60000000, .amount = 3},
                    {.kind = POSTERN_STATE_SCAN, .key = text("k/"), .limit = 10},
                    {.kind = POSTERN_STATE_GET, .key = text("k/1"), .flags = POSTERN_STATE_PLUGIN_WIDE},
                    {.kind = POSTERN_STATE_REMOVE, .key = text("k/1")}};
                CHECK(state->submit(call, ops, 7, sizeof ops[0], ids) == POSTERN_OK);
                return POSTERN_SUSPEND;
            }
            take(call);
            if (got < 7) return POSTERN_SUSPEND;
            CHECK(seen[0].size == sizeof seen[0] && seen[0].status == POSTERN_STATE_DONE && seen[0].version > 0);
            CHECK(seen[1].status == POSTERN_STATE_FOUND && IS(seen[1].value, "one") && seen[1].version == seen[0].version);
            CHECK(seen[1].expires_at == 1800000005000000);
            CHECK(seen[2].status == POSTERN_STATE_CONFLICT && IS(seen[2].value, "one") && seen[2].version == seen[0].version);
            CHECK(seen[3].status == POSTERN_STATE_DONE && seen[3].sum == 3);
            CHECK(seen[4].status == POSTERN_STATE_FOUND && seen[4].entry_count == 1 && seen[4].entry_size == sizeof(postern_state_entry)
                && IS(seen[4].entries[0].key, "k/1") && IS(seen[4].entries[0].value, "one") && !seen[4].more);
            CHECK(seen[5].status == POSTERN_STATE_ABSENT && seen[5].version == 0);
            CHECK(seen[6].status == POSTERN_STATE_DONE);
            return RESULT;
            """, globals: Self.stateGlobals, manifest: Self.requires("state"))
        let (run, events) = try plugins.start(.rcpt)
        // In a worker it may be answered already.
        if home == .host { #expect(run.waits.first == "state put 0.0s") }
        expect(try await plugins.verdict(events))
        // In the space of the call's domain, and of no other.
        for (domain, sum) in [("example.com", 3), ("example.net", 0)] as [(String, UInt64)] {
            let answer = await withCheckedContinuation { done in
                state.perform(
                    StateRequest(key: [UInt8(ascii: "n")], .count(amount: 0, window: .seconds(60))),
                    in: StateSpace(plugin: "test", domain: domain)
                ) { done.resume(returning: $0) }
            }
            #expect(answer.sum == sum)
        }
    }

    @Test(arguments: homes) func `state: what makes no sense is refused, all of it`(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        try plugins.compile(
            """
            static uint8_t big[70000];
            const postern_state *state = EXT(postern_state, POSTERN_EXT_STATE);
            postern_bytes key = text("k"), none = text(""), much = {big, 513}, more = {big, 65537}, lie = {big, UINT64_MAX}, null = {NULL, 5};
            #define TRY(want, ...) do { postern_state_operation op[2] = {{.kind = POSTERN_STATE_GET, .key = key}, {__VA_ARGS__}}; \\
                CHECK(state->submit(call, op, 2, sizeof op[0], ids) == want); } while (0)
            TRY(POSTERN_INVALID, .kind = 99, .key = key);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_GET, .key = none);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_GET, .key = null);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_GET, .key = key, .flags = 4);
            TRY(POSTERN_LIMIT, .kind = POSTERN_STATE_GET, .key = much);
            TRY(POSTERN_LIMIT, .kind = POSTERN_STATE_GET, .key = lie);
            TRY(POSTERN_LIMIT, .kind = POSTERN_STATE_PUT, .key = key, .value = more);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_PUT, .key = key, .duration = UINT64_MAX);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_PUT, .key = key, .condition = 3);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_PUT, .key = key, .condition = POSTERN_STATE_IF_VERSION);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_REMOVE, .key = key, .condition = POSTERN_STATE_IF_ABSENT);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_COUNT, .key = key, .amount = 1);
            TRY(POSTERN_INVALID, .kind = POSTERN_STATE_SCAN, .limit = 257);
            TRY(POSTERN_LIMIT, .kind = POSTERN_STATE_SCAN, .limit = 1, .after = much);
            static postern_state_operation many[257];
            for (int i = 0; i < 257; i++) { many[i].kind = POSTERN_STATE_GET; many[i].key = key; }
            static uint64_t manyIDs[257];
            CHECK(state->submit(call, many, 257, sizeof many[0], manyIDs) == POSTERN_LIMIT);
            CHECK(state->submit(call, many, 1, sizeof many[0] - 8, manyIDs) == POSTERN_INVALID);
            CHECK(state->submit(call, NULL, 1, sizeof many[0], manyIDs) == POSTERN_INVALID);
            CHECK(state->submit(call, many, 1, sizeof many[0], NULL) == POSTERN_INVALID);
            CHECK(state->submit(call, many, 0, sizeof many[0], manyIDs) == POSTERN_INVALID);
            CHECK(state->submit(NULL, many, 1, sizeof many[0], manyIDs) == POSTERN_INVALID);
            return RESULT;
            """, globals: Self.stateGlobals, manifest: Self.requires("state"))
        let (_, events) = try plugins.start(.rcpt)
        expect(try await plugins.verdict(events))
    }

    @Test(arguments: homes) func `state: a host without it says so`(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        try plugins.compile(
            """
            if (call->reason == POSTERN_START) {
                postern_state_operation op = {.kind = POSTERN_STATE_GET, .key = text("k")};
                got = 0;
                return EXT(postern_state, POSTERN_EXT_STATE)->submit(call, &op, 1, sizeof op, ids) ? POSTERN_DONE : POSTERN_SUSPEND;
            }
            take(call);
            CHECK(got == 1 && seen[0].status == POSTERN_STATE_FAILED && IS(seen[0].detail, "nothing is kept in this process"));
            return RESULT;
            """, globals: Self.stateGlobals, manifest: Self.requires("state"))
        let (_, events) = try plugins.start(.rcpt)
        expect(try await plugins.verdict(events))
    }

    @Test(arguments: homes) func `the results of one run have a bound`(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        let fetcher = HeldFetcher()
        plugins.http = fetcher
        try plugins.compile(
            """
            static uint32_t whole, cut;
            if (call->reason == POSTERN_START) {
                uint64_t id;
                whole = cut = 0;
                postern_http_request r = {.size = sizeof r, .url = text("http://127.0.0.1/"), .most_bytes = 1048576};
                for (int i = 0; i < 20; i++) CHECK(EXT(postern_http, POSTERN_EXT_HTTP)->request(call, &r, &id) == POSTERN_OK);
                return POSTERN_SUSPEND;
            }
            for (uint32_t i = 0; i < call->completion_count; i++) {
                if (call->completions[i].status == POSTERN_OK) whole++;
                if (call->completions[i].status == POSTERN_LIMIT) cut++;
            }
            CHECK(whole == 16 && cut == 4);
            return RESULT;
            """, globals: Self.globals(["http"]), manifest: Self.requires("http", egress: #"["http://127.0.0.1"]"#))
        let (_, events) = try plugins.start(.rcpt)
        var answer = HTTPAnswer(.answered)
        answer.body = [UInt8](repeating: 1, count: 1 << 20)
        try await plugins.settle { fetcher.held.withLock(\.count) == 20 }
        for held in fetcher.held.withLock({ $0 }) { held.completion(answer) }
        plugins.loop.runPending()
        expect(try await plugins.verdict(events))
    }

    // MARK: HTTP

    /// Takes requests down and answers them when told to.
    final class HeldFetcher: HTTPFetcher {
        struct Held: Sendable {
            var request: HTTPRequest
            var reach: HTTPReach
            var completion: @Sendable (HTTPAnswer) -> Void
        }
        private struct Fetch: HTTPFetch {
            let cancelled: @Sendable () -> Void
            func cancel() { cancelled() }
        }
        let held = Mutex<[Held]>([])
        let cancelled = Atomic(0)
        func fetch(_ request: HTTPRequest, reach: HTTPReach, completion: @escaping @Sendable (HTTPAnswer) -> Void) -> any HTTPFetch {
            held.withLock { $0.append(Held(request: request, reach: reach, completion: completion)) }
            return Fetch { self.cancelled.add(1, ordering: .relaxed) }
        }
    }

    static let post = """
        postern_http_header fields[1] = {{text("X-Key"), text("secret")}};
        postern_http_request r = {.size = sizeof r, .method = text("POST"), .url = text("http://127.0.0.1:8080/scan?a"), .headers = fields,
            .header_count = 1, .header_size = sizeof fields[0], .body = text("hello"), .timeout = 3000000, .most_bytes = 9};
        const postern_http *http = EXT(postern_http, POSTERN_EXT_HTTP);
        uint64_t id;
        """

    @Test(arguments: homes) func `http: the request goes out as it is, the answer comes back as it is`(_ home: FilterManifest.Home)
        async throws
    {
        let plugins = try TestPlugins(home)
        let fetcher = HeldFetcher()
        plugins.http = fetcher
        try plugins.compile(
            Self.post + """
                if (call->reason == POSTERN_START) {
                    CHECK(http->request(call, &r, &id) == POSTERN_OK);
                    return POSTERN_SUSPEND;
                }
                const postern_http_response *a = call->completions[0].result;
                CHECK(call->completion_count == 1 && call->completions[0].status == POSTERN_OK && a->size == sizeof *a);
                CHECK(a->status == POSTERN_HTTP_ANSWERED && a->code == 418 && a->flags == POSTERN_HTTP_TRUNCATED);
                CHECK(a->header_count == 2 && a->header_size == sizeof(postern_http_header));
                CHECK(IS(a->headers[1].name, "X-B") && IS(a->headers[1].value, "c d") && IS(a->body, "teapot") && a->detail.length == 0);
                return RESULT;
                """, globals: Self.globals(["http"]), manifest: Self.requires("http", egress: #"["{/server}"]"#))
        let (run, events) = try plugins.start(.rcpt, settings: .object(["server": .string("http://127.0.0.1:8080/")]))
        try await plugins.settle { !fetcher.held.withLock(\.isEmpty) }
        #expect(run.waits == ["http POST http://127.0.0.1:8080 0.0s"])
        let held = try #require(fetcher.held.withLock { $0.first })
        #expect(
            held.request
                == HTTPRequest(
                    method: "POST", url: HTTPURL("http://127.0.0.1:8080/scan?a")!, headers: [HTTPHeader("X-Key", "secret")],
                    body: Array("hello".utf8), timeout: .seconds(3), mostBytes: 9))
        #expect(held.reach == .anyAddress)
        var answer = HTTPAnswer(.answered)
        answer.code = 418
        answer.isTruncated = true
        answer.headers = [HTTPHeader("A", ""), HTTPHeader("X-B", "c d")]
        answer.body = Array("teapot".utf8)
        held.completion(answer)
        plugins.loop.runPending()
        expect(try await plugins.verdict(events))
    }

    @Test(arguments: homes) func `http: what the manifest does not name is forbidden, counted and noted`(_ home: FilterManifest.Home)
        async throws
    {
        let plugins = try TestPlugins(home)
        let fetcher = HeldFetcher()
        plugins.http = fetcher
        try plugins.compile(
            Self.post + """
                CHECK(http->request(call, &r, &id) == POSTERN_FORBIDDEN);
                r.url = text("https://api.example.com/");
                CHECK(http->request(call, &r, &id) == POSTERN_OK);
                return RESULT;
                """, globals: Self.globals(["http"]), manifest: Self.requires("http", egress: #"["https://api.example.com", "{/server}"]"#))
        let (_, events) = try plugins.start(.rcpt, settings: .object(["server": .string("http://127.0.0.1:8081/")]))
        let verdict = try await plugins.verdict(events)
        expect(verdict)
        #expect(verdict.detail == "refused: no egress to http://127.0.0.1:8080")
        #expect(plugins.host.list().first?.faults == 1)
        #expect(fetcher.held.withLock { $0.map(\.reach) } == [.publicAddresses])
        // DONE with a request under way gives it up.
        #expect(fetcher.cancelled.load(ordering: .relaxed) == 1)
    }

    @Test(arguments: homes) func `http: what makes no sense is refused`(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        try plugins.compile(
            Self.post + """
                static uint8_t big[1100000];
                #define TRY(want, change) do { postern_http_request saved = r; change; CHECK(http->request(call, &r, &id) == want); r = saved; } while (0)
                TRY(POSTERN_INVALID, r.url = text("ftp://127.0.0.1/"));
                TRY(POSTERN_INVALID, r.url = text("http://127.0.0.1:8080/\\r\\nX: y"));
                TRY(POSTERN_INVALID, r.method = text("CONNECT"));
                TRY(POSTERN_INVALID, fields[0].name = text("Host"));
                fields[0].name = text("X");
                TRY(POSTERN_INVALID, fields[0].value = text("a\\nb"));
                fields[0].value = text("b");
                TRY(POSTERN_INVALID, r.header_size = 8);
                TRY(POSTERN_INVALID, r.headers = NULL);
                TRY(POSTERN_LIMIT, r.header_count = 65);
                TRY(POSTERN_LIMIT, (r.body.data = big, r.body.length = 1048577));
                TRY(POSTERN_LIMIT, r.most_bytes = 1048577);
                TRY(POSTERN_LIMIT, r.timeout = 120000001);
                TRY(POSTERN_INVALID, r.flags = 1);
                TRY(POSTERN_INVALID, r.size = 8);
                CHECK(http->request(call, NULL, &id) == POSTERN_INVALID && http->request(call, &r, NULL) == POSTERN_INVALID);
                return RESULT;
                """, globals: Self.globals(["http"]), manifest: Self.requires("http", egress: #"["http://127.0.0.1:*"]"#))
        let (_, events) = try plugins.start(.rcpt)
        let verdict = try await plugins.verdict(events)
        expect(verdict)
        #expect(verdict.detail.isEmpty)
    }

    @Test(arguments: [#"["127.0.0.1"]"#, #"["http://127.0.0.1/path"]"#, #"[1]"#, #""x""#])
    func `an egress that is none is named`(_ egress: String) throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: Self.requires("http", egress: egress))
        let failure = try #require(plugins.host.rescan().first)
        #expect("\(failure)".contains("/egress"))
    }
}
