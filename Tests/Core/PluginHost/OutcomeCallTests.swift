import Mail
import Testing

@testable import PluginHost

/// The phase `outcome` through the real ABI.
struct OutcomeCallTests {
    private static let check = """
        const postern_outcome *o = call->outcome;
        postern_recipient r = {.size = sizeof r};
        #define IS(bytes, t) ((bytes).length == strlen(t) && !memcmp((bytes).data, t, strlen(t)))
        int good = call->phase == POSTERN_PHASE_OUTCOME && POSTERN_HAS(call, outcome) && o && o->size == sizeof *o
            && o->kind == POSTERN_OUTCOME_BOUNCED && o->phase == POSTERN_PHASE_OUTCOME && o->attempts == 3 && o->time == 1800000000000000
            && IS(o->status, "5.1.1") && IS(o->text, "550 5.1.1 no ? such user") && IS(o->next_hop, "hop[192.0.2.9]:25")
            && o->score == 4.5 && o->symbol_count == 2 && o->symbol_size == sizeof *o->symbols
            && IS(o->symbols[0].name, "A") && o->symbols[1].score == -1 && !call->message && call->recipient == 0
            && call->transaction->recipient(call->transaction, 0, &r) == POSTERN_OK && IS(r.address, "b@example.com");
        """

    private func call(_ plugins: TestPlugins) -> FilterCall {
        var call = plugins.call(.outcome)
        call.outcome = OutcomeRecord(
            .bounced, at: plugins.loop.now, status: "5.1.1", text: "550 5.1.1 no ? such user", nextHop: "hop[192.0.2.9]:25", attempts: 3,
            score: 4.5, symbols: [.init(name: "A", score: 5.5), .init(name: "B", score: -1)])
        return call
    }

    private func run(_ plugins: TestPlugins, _ call: FilterCall) throws -> Verdict {
        plugins.host.rescan()
        let events = Events()
        let instance = try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
        _ = instance.start(call, on: plugins.loop) { events.add($0) }
        return try #require(events.verdicts.first)
    }

    @Test func carriesTheRecord() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            Self.check + """
                out->fail(out, text(good ? "good" : "bad"));
                return POSTERN_DONE;
                """, manifest: ["phases": #"["outcome"]"#])
        #expect(try run(plugins, call(plugins)).detail == "good")
    }

    @Test func whoObservesFindsNothing() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            int good = out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL) == POSTERN_UNSUPPORTED
                && out->propose(out, POSTERN_REJECT, 550, 7, 1, text("no"), NULL) == POSTERN_UNSUPPORTED
                && out->add_header(out, text("X-A"), text("b"), NULL) == POSTERN_UNSUPPORTED;
            if (!good) out->fail(out, text("it was taken"));
            return POSTERN_DONE;
            """, manifest: ["phases": #"["outcome"]"#, "rights": #"["reject", "add-headers"]"#])
        let verdict = try run(plugins, call(plugins))
        #expect(verdict.result == .done && verdict.symbols.isEmpty && verdict.proposals.isEmpty && verdict.detail.isEmpty)
    }

    /// Before MAIL there is no envelope, and the record may be all empty.
    @Test func ofASessionAlone() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            const postern_outcome *o = call->outcome;
            int good = !call->transaction && call->recipient == POSTERN_NO_RECIPIENT && o->kind == POSTERN_OUTCOME_REJECTED
                && o->phase == POSTERN_PHASE_CONNECT && !o->symbols && !o->symbol_count && !o->text.length && !call->domain.length;
            if (!good) out->fail(out, text("bad"));
            return POSTERN_DONE;
            """, manifest: ["phases": #"["connect", "outcome"]"#])
        var call = FilterCall(phase: .outcome, session: call(plugins).session, recipients: .none, slotName: "slot")
        call.outcome = OutcomeRecord(.rejected, in: .connect, at: plugins.loop.now)
        #expect(try run(plugins, call).result == .done)
    }
}
