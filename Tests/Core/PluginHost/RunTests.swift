import Foundation
import Mail
import Testing

@testable import PluginHost

/// Runs of small C plugins through the real ABI.
struct RunTests {
    static let ask = """
        if (call->reason == POSTERN_START) {
            postern_dns_question q[2] = {{text("x.zen.example"), 1, 0}, {text("y.zen.example"), 16, 0}};
            uint64_t ids[2];
            return dns->resolve(call, q, 2, sizeof q[0], ids) == POSTERN_OK ? STEP : POSTERN_DONE;
        }
        if (call->reason == POSTERN_CANCEL) { cancels++; return POSTERN_DONE; }
        """
    static let globals = """
        static int cancels;
        static unsigned seen;
        """

    @Test func factsAndVerdict() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            const postern_session *s = call->session;
            postern_recipient r = {.size = sizeof r};
            int good = s->client_family == 4 && s->client[0] == 192 && s->client[3] == 1 && s->client_port == 4321
                && s->helo.length == 14 && call->domain.length == 11 && call->recipient == 0
                && call->transaction->reverse_path.length == 16 && !memcmp(call->transaction->reverse_path.data, "a@sender.example", 16)
                && call->transaction->recipient(call->transaction, 0, &r) == POSTERN_OK && r.address.length == 13
                && !memcmp(r.address.data, "b@example.com", 13) && r.domain.length == 11 && r.size == sizeof r
                && call->transaction->recipient(call->transaction, 1, &r) == POSTERN_INVALID;
            if (good) out->add_symbol(out, text("FOUND"), 0.5, text("all there"), NULL, NULL);
            out->add_symbol(out, text("LIST_A"), 1, text(""), NULL, NULL);
            return POSTERN_DONE;
            """)
        let (_, events) = try plugins.start(.rcpt)
        let verdict = try #require(events.verdicts.first)
        #expect(verdict.result == .done)
        #expect(
            verdict.symbols == [
                Symbol(name: "FOUND", factor: 0.5, defaultScore: 2, detail: "all there", recipients: RecipientSet([0])),
                Symbol(name: "LIST_A", defaultScore: 1, recipients: RecipientSet([0])),
            ])
    }

    @Test func undeclaredIsRefusedCountedAndNoted() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            if (out->add_symbol(out, text("OTHER"), 1, text(""), NULL, NULL) == POSTERN_FORBIDDEN
                && out->propose(out, POSTERN_REJECT, 550, 7, 1, text("no"), NULL) == POSTERN_FORBIDDEN
                && out->add_header(out, text("X-A"), text("b"), NULL) == POSTERN_FORBIDDEN)
                out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
            return POSTERN_DONE;
            """)
        let (_, events) = try plugins.start(.connect)
        let verdict = try #require(events.verdicts.first)
        #expect(verdict.symbols.map(\.name) == ["FOUND"])
        #expect(verdict.proposals.isEmpty)
        #expect(verdict.detail == "refused: undeclared symbol OTHER, no right to reject, no right to add-headers")
        #expect(plugins.host.list().first?.faults == 3)
    }

    @Test func suspendWithNothingPendingIsAFaultAtOnce() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_SUSPEND;")
        let (run, events) = try plugins.start(.connect)
        #expect(events.verdicts.map(\.result) == [.error])
        #expect(events.verdicts.first?.detail == "waits, but for nothing: no operation is under way")
        run.cancel(.timeout)
        #expect(events.verdicts.count == 1)
    }

    @Test func answersComeTogether() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            Self.ask.replacingOccurrences(of: "STEP", with: "POSTERN_SUSPEND") + """
                const postern_dns_answer *a = call->completions[0].result, *b = call->completions[1].result;
                if (call->completion_count == 2 && call->completions[0].operation == 2 && a->record_count == 1
                    && a->records[0].length == 4 && a->records[0].data[3] == 2 && b->security == POSTERN_DNS_SECURE)
                    out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
                return POSTERN_DONE;
                """, globals: Self.globals)
        let (_, events) = try plugins.start(.connect)
        #expect(plugins.resolver.questions == [DNSQuestion("x.zen.example", .a), DNSQuestion("y.zen.example", .txt)])
        plugins.resolver.answer { _ in DNSAnswer(status: .found, security: .secure, records: [[127, 0, 0, 2]]) }
        #expect(events.verdicts.isEmpty)
        plugins.loop.runPending()
        #expect(events.verdicts.first?.symbols.map(\.name) == ["FOUND"])
    }

    @Test func timeoutNamesTheCulpritAndLateAnswersAreDropped() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            Self.ask.replacingOccurrences(of: "STEP", with: "POSTERN_SUSPEND") + "abort();", globals: Self.globals)
        let (run, events) = try plugins.start(.connect)
        plugins.loop.advance(by: .milliseconds(1200))
        #expect(run.waits == ["dns A x.zen.example 1.2s", "dns TXT y.zen.example 1.2s"])
        run.cancel(.timeout)
        run.cancel(.sessionEnded)
        plugins.resolver.answer { _ in DNSAnswer(status: .found) }
        plugins.loop.runPending()
        #expect(events.verdicts.map(\.result) == [.timeout])
        #expect(events.verdicts.first?.detail == "waiting for dns A x.zen.example 1.2s, dns TXT y.zen.example 1.2s")
        // START and one CANCEL.
        #expect(plugins.host.list().first?.calls == 2)
    }

    @Test func detachAndJoin() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            Self.ask.replacingOccurrences(of: "STEP", with: "POSTERN_DETACH_BEFORE(POSTERN_PHASE_RCPT)") + """
                seen += call->completion_count;
                if (seen < 2) return POSTERN_SUSPEND;
                out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
                return POSTERN_DONE;
                """, globals: Self.globals)
        let (_, events) = try plugins.start(.connect)
        #expect(events.detached == [.rcpt])
        #expect(events.verdicts.isEmpty)
        plugins.resolver.answer { _ in DNSAnswer(status: .nameError) }
        plugins.loop.runPending()
        #expect(events.detached == [.rcpt])
        #expect(events.verdicts.map(\.result) == [.done])
    }

    @Test func timer() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            uint64_t id;
            if (call->reason == POSTERN_START) return timer->start(call, 5000000, &id) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
            out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
            return POSTERN_DONE;
            """)
        let (run, events) = try plugins.start(.connect)
        plugins.loop.advance(by: .seconds(4))
        #expect(run.waits == ["timer 5.0s 4.0s"])
        plugins.loop.advance(by: .seconds(1))
        #expect(events.verdicts.first?.symbols.map(\.name) == ["FOUND"])
        #expect(events.verdicts.first?.elapsed == .seconds(5))
    }

    @Test func anOperationPastTheLimitIsRefused() throws {
        let plugins = try TestPlugins()
        try plugins.compile(
            """
            if (call->reason != POSTERN_START) return POSTERN_DONE;
            uint64_t id; int n = 0;
            while (n < 1000 && timer->start(call, 1, &id) == POSTERN_OK) n++;
            if (n == 256) out->add_symbol(out, text("FOUND"), 1, text(""), NULL, NULL);
            return POSTERN_DONE;
            """)
        #expect(try plugins.start(.connect).1.verdicts.first?.symbols.map(\.name) == ["FOUND"])
    }
}
