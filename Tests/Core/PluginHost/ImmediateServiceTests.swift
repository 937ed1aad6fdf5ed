import CPostern
import Foundation
import Mail
import Synchronization
import Testing

@testable import PluginHost
@testable import PluginLoader

/// The services that answer in the plugin's own process, and tokens, through the real ABI.
struct ImmediateServiceTests {
    private func verdict(
        _ home: FilterManifest.Home, _ body: String, _ ids: String..., earlier: [EarlierVerdict] = []
    ) async throws -> Verdict {
        let plugins = try TestPlugins(home)
        let manifest = ["requires": "[" + (["dns", "timer"] + ids).map { "\"postern.\($0)/1\"" }.joined(separator: ", ") + "]"]
        try plugins.compile(body, globals: "#include <pthread.h>\n#include <unistd.h>\n" + ServiceTests.globals(ids), manifest: manifest)
        let (_, events) = try plugins.start(.rcpt, earlier: earlier)
        return try await plugins.verdict(events)
    }

    private func expect(_ verdict: Verdict, _ place: SourceLocation = #_sourceLocation) {
        #expect(verdict.result == .done && verdict.symbols.first?.factor == 1, "\(verdict)", sourceLocation: place)
    }

    @Test(arguments: ServiceTests.homes) func cache(_ home: FilterManifest.Home) async throws {
        expect(
            try await verdict(
                home,
                """
                const postern_cache *cache = EXT(postern_cache, POSTERN_EXT_CACHE);
                static uint8_t digest[32], other[32], big[70000];
                uint8_t buffer[8]; uint64_t length = 99;
                digest[0] = 1;
                CHECK(cache->get(cache, digest, buffer, 8, &length) == POSTERN_ABSENT);
                CHECK(cache->put(cache, digest, text("value"), 0) == POSTERN_OK);
                CHECK(cache->get(cache, digest, buffer, 8, &length) == POSTERN_OK && length == 5 && !memcmp(buffer, "value", 5));
                CHECK(cache->get(cache, digest, buffer, 4, &length) == POSTERN_LIMIT && length == 5);
                CHECK(cache->get(cache, other, buffer, 8, &length) == POSTERN_ABSENT);
                CHECK(cache->put(cache, digest, text(""), 60000000) == POSTERN_OK);
                CHECK(cache->get(cache, digest, NULL, 0, &length) == POSTERN_OK && length == 0);
                CHECK(cache->put(cache, other, text("x"), 1) == POSTERN_OK);
                usleep(2000);
                CHECK(cache->get(cache, other, buffer, 8, &length) == POSTERN_ABSENT);
                CHECK(cache->remove(cache, digest) == POSTERN_OK && cache->remove(cache, digest) == POSTERN_ABSENT);
                postern_bytes much = {big, 65537}, null = {NULL, 1};
                CHECK(cache->put(cache, digest, much, 0) == POSTERN_LIMIT && cache->put(cache, digest, null, 0) == POSTERN_INVALID);
                CHECK(cache->get(cache, NULL, buffer, 8, &length) == POSTERN_INVALID);
                return RESULT;
                """, "cache"))
    }

    @Test func `the cache forgets what was used longest ago, and holds its limit`() {
        func digest(_ i: UInt64) -> MessageDigest { MessageDigest(words: (i, 0, 0, 0)) }
        let cache = DigestCache(limit: 10 * (100 + DigestCache.entryBytes))
        for i in UInt64(0)..<10 { cache.put(digest(i), [UInt8](repeating: UInt8(i), count: 100), expiresAt: .max) }
        #expect(cache.get(digest(0), at: 0) { $0[0] } == 0)
        cache.put(digest(10), [UInt8](repeating: 10, count: 100), expiresAt: .max)
        #expect(cache.get(digest(1), at: 0) { $0[0] } == nil)
        #expect(cache.get(digest(0), at: 0) { $0[0] } == 0)
        cache.put(digest(11), [UInt8](repeating: 11, count: 500), expiresAt: 5)
        #expect(cache.count == 8 && cache.bytes <= 10 * (100 + DigestCache.entryBytes))
        #expect(cache.get(digest(11), at: 4) { $0.count } == 500)
        #expect(cache.get(digest(11), at: 5) { $0.count } == nil)
        #expect(cache.get(digest(0), at: 0) { $0[0] } == 0)
        // One that is too large alone empties it, and is not kept.
        cache.put(digest(12), [UInt8](repeating: 0, count: 5000), expiresAt: .max)
        #expect(cache.count == 0 && cache.bytes == 0)
        // Against the same thing done slowly.
        var order: [UInt64] = []
        var seed: UInt64 = 7
        for _ in 0..<5000 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1
            let key = seed >> 60
            switch (seed >> 50) % 3 {
            case 0:
                cache.put(digest(key), [UInt8](repeating: 1, count: 100), expiresAt: .max)
                order.removeAll { $0 == key }
                order.append(key)
                if order.count > 10 { order.removeFirst() }
            case 1:
                let found = cache.get(digest(key), at: 0) { $0.count } != nil
                #expect(found == order.contains(key))
                if found { order.removeAll { $0 == key }; order.append(key) }
            default:
                #expect(cache.remove(digest(key)) == order.contains(key))
                order.removeAll { $0 == key }
            }
            #expect(cache.count == order.count && cache.bytes == order.count * (100 + DigestCache.entryBytes))
        }
    }

    @Test(arguments: ServiceTests.homes) func random(_ home: FilterManifest.Home) async throws {
        expect(
            try await verdict(
                home,
                """
                const postern_random *random = EXT(postern_random, POSTERN_EXT_RANDOM);
                static uint8_t a[65536], b[65536], none[64];
                CHECK(random->fill(random, a, sizeof a) == POSTERN_OK && random->fill(random, b, 1000) == POSTERN_OK);
                CHECK(memcmp(a, b, 1000) && memcmp(a + 65472, none, 64) && !memcmp(b + 1000, none, 64));
                CHECK(random->fill(random, a, 65537) == POSTERN_LIMIT && random->fill(random, NULL, 1) == POSTERN_INVALID);
                CHECK(random->fill(random, NULL, 0) == POSTERN_OK);
                uint64_t x = random->u64(random);
                CHECK(x != random->u64(random));
                return RESULT;
                """, "random"))
    }

    @Test(arguments: ServiceTests.homes) func `a thread of the plugin's own completes a token, once`(_ home: FilterManifest.Home)
        async throws
    {
        let plugins = try TestPlugins(home)
        try plugins.compile(
            """
            tokens = EXT(postern_tokens, POSTERN_EXT_TOKEN);
            if (call->reason == POSTERN_START) {
                uint64_t id; pthread_t thread;
                CHECK(tokens->begin(call, &token, &id) == POSTERN_OK && token);
                pthread_create(&thread, NULL, work, NULL); pthread_detach(thread);
                return POSTERN_SUSPEND;
            }
            if (call->reason == POSTERN_CANCEL) return POSTERN_DONE;
            const postern_token_result *r = call->completions[0].result;
            CHECK(r && r->size == sizeof *r && IS(r->bytes, "from a thread"));
            CHECK(tokens->complete(tokens, token, text("again")) == POSTERN_GONE);
            CHECK(tokens->complete(tokens, 12345678901, text("")) == POSTERN_GONE);
            return RESULT;
            """,
            globals: "#include <pthread.h>\n#include <unistd.h>\n"
                + ServiceTests.globals(
                    ["token"],
                    """
                    static const postern_tokens *tokens; static postern_token token; static uint8_t big[65537];
                    static void *work(void *unused) {
                        (void)unused;
                        usleep(20000);
                        postern_bytes much = {big, sizeof big};
                        CHECK(tokens->complete(tokens, token, much) == POSTERN_LIMIT);
                        CHECK(tokens->complete(tokens, token, text("from a thread")) == POSTERN_OK);
                        return NULL;
                    }
                    """), manifest: ServiceTests.requires("token"))
        let (run, events) = try plugins.start(.rcpt)
        // A worker's own waits are its own.
        if home == .host { #expect(run.waits.first?.hasPrefix("token ") == true) }
        expect(try await plugins.verdict(events))
    }

    @Test(arguments: ServiceTests.homes) func `a token that outlives its run is gone`(_ home: FilterManifest.Home) async throws {
        let plugins = try TestPlugins(home)
        try plugins.compile(
            """
            const postern_tokens *tokens = EXT(postern_tokens, POSTERN_EXT_TOKEN);
            static postern_token old;
            if (call->reason != POSTERN_START) return POSTERN_DONE;
            if (old) {
                CHECK(tokens->complete(tokens, old, text("late")) == POSTERN_GONE);
                return RESULT;
            }
            uint64_t id;
            tokens->begin(call, &old, &id);
            timer->start(call, 60000000, &id);
            return POSTERN_SUSPEND;
            """, globals: ServiceTests.globals(["token"]), manifest: ServiceTests.requires("token"))
        let (run, events) = try plugins.start(.rcpt)
        // Not before it has begun.
        try await plugins.settle { run.waits.contains { $0.hasPrefix("timer") } }
        run.cancel(.timeout)
        #expect(events.verdicts.map(\.result) == [.timeout])
        let (_, second) = try plugins.start(.rcpt)
        expect(try await plugins.verdict(second))
    }

    @Test(arguments: ServiceTests.homes) func verdicts(_ home: FilterManifest.Home) async throws {
        let earlier = [
            EarlierVerdict(
                filter: "lists", phase: .connect, result: .done, proposed: [.reject, .quarantine],
                findings: [
                    .init(symbol: "RBL_A", factor: 1, score: 4, detail: "zone a", recipients: .all),
                    .init(symbol: "RBL_B", factor: 0.5, score: -2.25, detail: "", recipients: RecipientSet([0, 70])),
                ]),
            EarlierVerdict(filter: "scan", phase: .data, result: .timeout, isRequired: true, detail: "waiting for dns"),
        ]
        expect(
            try await verdict(
                home,
                """
                const postern_verdicts *verdicts = EXT(postern_verdicts, POSTERN_EXT_VERDICTS);
                postern_earlier_verdict v = {.size = sizeof v}; postern_finding f = {.size = sizeof f};
                CHECK(verdicts->verdict_count(call) == 2 && verdicts->finding_count(call) == 2);
                CHECK(verdicts->verdict(call, 0, &v) == POSTERN_OK && v.size == sizeof v && IS(v.filter, "lists")
                    && v.phase == POSTERN_PHASE_CONNECT && v.result == POSTERN_RESULT_DONE
                    && v.flags == (POSTERN_VERDICT_REJECT | POSTERN_VERDICT_QUARANTINE) && v.detail.length == 0);
                CHECK(verdicts->verdict(call, 1, &v) == POSTERN_OK && v.result == POSTERN_RESULT_TIMEOUT && v.phase == POSTERN_PHASE_DATA
                    && v.flags == POSTERN_VERDICT_REQUIRED && IS(v.detail, "waiting for dns"));
                CHECK(verdicts->verdict(call, 2, &v) == POSTERN_INVALID);
                CHECK(verdicts->finding(call, 0, &f) == POSTERN_OK && f.verdict == 0 && IS(f.symbol, "RBL_A") && f.score == 4
                    && IS(f.detail, "zone a") && f.recipients.words == NULL);
                CHECK(verdicts->finding(call, 1, &f) == POSTERN_OK && f.factor == 0.5 && f.score == -2.25 && f.recipients.count == 2
                    && f.recipients.words[0] == 1 && f.recipients.words[1] == 64);
                CHECK(verdicts->finding(call, 2, &f) == POSTERN_INVALID && verdicts->finding(call, 0, NULL) == POSTERN_INVALID);
                /* Of an older minor: only what it knows is written. */
                struct { uint32_t size, verdict; postern_bytes symbol; double guard; } old = {.size = 24, .guard = 7};
                CHECK(verdicts->finding(call, 0, (postern_finding *)&old) == POSTERN_OK && old.size == 24 && IS(old.symbol, "RBL_A")
                    && old.guard == 7);
                return RESULT;
                """, "verdicts", earlier: earlier))
    }

    @Test func `what an earlier filter found is told to those whom it concerns`() {
        var verdict = Verdict(filter: "f", phase: .rcpt, result: .done)
        verdict.symbols = [
            Symbol(name: "A", factor: 2, defaultScore: 3, recipients: RecipientSet([1])), Symbol(name: "B", defaultScore: 1),
        ]
        verdict.proposals = [Proposal(.discard(reason: ""), recipients: RecipientSet([0])), Proposal(.quarantine(reason: ""))]
        verdict.recipients = RecipientSet([0, 1])
        let told = EarlierVerdict(verdict, concerning: RecipientSet([1, 2])) { $0.factor * $0.defaultScore }
        #expect(told?.findings.map(\.symbol) == ["A", "B"])
        #expect(told?.findings.map(\.score) == [6, 1])
        #expect(told?.findings.map(\.recipients) == [RecipientSet([1]), RecipientSet([1])])
        #expect(told?.proposed == [.quarantine])
        #expect(EarlierVerdict(verdict, concerning: RecipientSet([2])) { _ in 0 } == nil)
        verdict.result = .cancelled
        #expect(EarlierVerdict(verdict, concerning: RecipientSet([0])) { _ in 0 } == nil)
    }

    // MARK: Metrics

    /// Shows what reaches the page.
    private final class Page: MetricOutput {
        let moves = Mutex<[String]>([])
        let name: String
        init(_ name: String) { self.name = name }
        func record(_ series: Int, _ amount: Double) { moves.withLock { $0.append("\(name) \(series) \(amount)") } }
        func set(_ series: Int, _ amount: Double) { moves.withLock { $0.append("\(name) \(series) = \(amount)") } }
    }

    @Test func `metrics are defined in load, and moved within their closed sets`() throws {
        let page = Page("m")
        let metrics = PluginMetrics { _ in page }
        func define(_ name: String, _ kind: UInt32, _ labels: [(String, [String])]) -> (postern_status, UInt32) {
            // Strings that live for the call.
            var memory: [UnsafeMutableBufferPointer<UInt8>] = []
            defer { for bytes in memory { bytes.deallocate() } }
            func lend(_ text: String) -> postern_bytes {
                let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count + 1)
                memory.append(bytes)
                _ = bytes.initialize(fromContentsOf: Array(text.utf8) + [0])
                return postern_bytes(data: bytes.baseAddress, length: UInt64(text.utf8.count))
            }
            let values = labels.map { $0.1.map(lend) }
            let pointers = values.map { list in
                let pointer = UnsafeMutablePointer<postern_bytes>.allocate(capacity: max(1, list.count))
                pointer.initialize(from: list, count: list.count)
                return pointer
            }
            defer { for pointer in pointers { pointer.deallocate() } }
            let raw = labels.indices.map {
                postern_metric_label(name: lend(labels[$0].0), values: pointers[$0], value_count: UInt32(values[$0].count), value_size: 16)
            }
            return raw.withUnsafeBufferPointer { labels in
                var definition = postern_metric_definition(
                    size: UInt32(MemoryLayout<postern_metric_definition>.size), kind: kind, name: lend(name), labels: labels.baseAddress,
                    label_count: UInt32(labels.count), label_size: UInt32(MemoryLayout<postern_metric_label>.stride))
                var metric: UInt32 = 99
                return (metrics.define(&definition, &metric), metric)
            }
        }
        func move(_ metric: UInt32, _ values: [UInt32], _ amount: Double, sets: Bool = false) -> postern_status {
            metrics.move(metric, values, UInt32(values.count), amount, sets: sets)
        }
        let all = (0..<64).map { "v\($0)" }
        #expect(define("calls_total", POSTERN_METRIC_COUNTER, [("result", ["a", "b"]), ("kind", ["x", "y", "z"])]) == (POSTERN_OK, 0))
        #expect(define("level", POSTERN_METRIC_GAUGE, []) == (POSTERN_OK, 1))
        for (name, kind, labels) in [
            ("level", POSTERN_METRIC_GAUGE, []), ("", POSTERN_METRIC_GAUGE, []), ("1a", POSTERN_METRIC_GAUGE, []),
            ("A", POSTERN_METRIC_GAUGE, []), ("a b", POSTERN_METRIC_GAUGE, []), (String(repeating: "a", count: 65), 1, []), ("a", 4, []),
            ("a", 0, [("l", [])]), ("a", 0, [("l", ["x", "x"])]), ("a", 0, [("l", ["x\n"])]), ("a", 0, [("l-", ["x"])]),
            ("a", 0, [("le", ["x"])]), ("a", 0, [("l", ["x"]), ("l", ["y"])]), ("a", 0, [("l", all + ["more"])]),
            ("a", 0, [("a", ["x"]), ("b", ["x"]), ("c", ["x"]), ("d", ["x"]), ("e", ["x"])]),
        ] as [(String, UInt32, [(String, [String])])] { #expect(define(name, kind, labels).0 == POSTERN_INVALID, "\(name) \(labels)") }
        #expect(define("many", 0, [("a", all), ("b", all)]).0 == POSTERN_LIMIT)
        #expect(move(0, [1, 2], 2) == POSTERN_OK && move(1, [], -1.5) == POSTERN_OK && move(1, [], 7, sets: true) == POSTERN_OK)
        #expect(page.moves.withLock { $0 } == ["m 5 2.0", "m 0 -1.5", "m 0 = 7.0"])
        for status in [
            move(0, [1], 1), move(0, [2, 0], 1), move(0, [0, 3], 1), move(0, [0, 0, 0], 1), move(0, [0, 0], -1), move(0, [0, 0], .nan),
            move(0, [0, 0], 1, sets: true), move(2, [], 1), move(.max, [], 1), metrics.move(0, nil, 2, 1, sets: false),
        ] { #expect(status == POSTERN_INVALID) }
        for i in 2..<64 { #expect(define("m\(i)", POSTERN_METRIC_SECONDS, []).0 == POSTERN_OK) }
        #expect(define("one_more", 0, []).0 == POSTERN_LIMIT)
        metrics.seal()
        #expect(define("late", 0, []).0 == POSTERN_UNSUPPORTED)
    }

    @Test func `series count their labels from the last`() {
        let definition = MetricDefinition(
            name: "m", kind: .counter, labels: [.init(name: "a", values: ["x", "y"]), .init(name: "b", values: ["1", "2", "3"])])
        #expect(definition.seriesCount == 6)
        #expect(definition.dimensions(of: 5).map { "\($0.0)=\($0.1)" } == ["a=y", "b=3"])
        #expect(definition.dimensions(of: 2).map { "\($0.0)=\($0.1)" } == ["a=x", "b=3"])
    }
}
