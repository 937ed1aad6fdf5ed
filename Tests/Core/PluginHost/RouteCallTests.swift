import Mail
import Testing

@testable import PluginHost

/// The phase `route` through the real ABI, in both homes.
@Suite(.timeLimit(.minutes(5)))
struct RouteCallTests {
    static let homes = [FilterManifest.Home.host, .worker]

    private func run(
        _ home: FilterManifest.Home, _ body: String, rights: String = #"["route", "defer"]"#, phase: Phase = .route
    ) throws -> Verdict {
        let plugins = try TestPlugins()
        try plugins.compile(body, manifest: ["phases": #"["route", "data"]"#, "rights": rights])
        plugins.host.rescan()
        var slot = FilterSlot(name: "slot", plugin: "test")
        slot.home = home
        var call = plugins.call(phase)
        if phase == .route {
            call = FilterCall(phase: .route, session: call.session, recipients: .none, domain: "example.com", slotName: "slot")
            call.route = RouteQuestion(role: .outbound, policyDomain: "example.com", destination: "far.example", isByMX: true)
        }
        let events = Events()
        _ = try plugins.host.instance(for: slot).start(call, on: plugins.loop) { events.add($0) }
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        return try #require(events.verdicts.first)
    }

    @Test(arguments: homes) func demandsAreTaken(_ home: FilterManifest.Home) throws {
        let verdict = try run(
            home,
            """
            const postern_route *r = call->route;
            int good = r && r->flags == (POSTERN_ROUTE_MX | POSTERN_ROUTE_OUTBOUND) && r->destination.length == 11
                && !memcmp(r->destination.data, "far.example", 11) && !call->transaction && !call->message;
            postern_bytes names[2] = {text("MX.far.example"), text("far.example")}, host = text("*.far.example");
            postern_requirement q = {.size = sizeof q, .flags = POSTERN_REQUIRE_VERIFIED, .minimum_tls = POSTERN_TLS_1_3, .ttl = 90000,
                .names = names, .name_count = 2, .name_size = sizeof *names, .hosts = &host, .host_count = 1, .host_size = sizeof host,
                .reason = text(good ? "policy" : "bad call")};
            if (out->require(out, &q) != POSTERN_OK || out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0) != POSTERN_UNSUPPORTED
                || out->propose(out, POSTERN_QUARANTINE, 0, 0, 0, text("x"), 0) != POSTERN_UNSUPPORTED) out->fail(out, text("bad"));
            return POSTERN_DONE;
            """)
        #expect(verdict.result == .done)
        #expect(
            verdict.requirements == [
                RouteRequirement(
                    minimumTLS: .v13, isVerified: true, names: ["mx.far.example", "far.example"], hosts: ["*.far.example"],
                    reason: "policy",
                    duration: .seconds(86400))
            ])
    }

    @Test(arguments: homes) func whatCannotBeIsRefused(_ home: FilterManifest.Home) throws {
        let verdict = try run(
            home,
            """
            postern_bytes bad = text("a b"), good = text("a");
            postern_requirement q = {.size = sizeof q};
            int fine = out->require(out, NULL) == POSTERN_INVALID;
            q.minimum_tls = 9; fine &= out->require(out, &q) == POSTERN_INVALID; q.minimum_tls = 0;
            q.flags = 2; fine &= out->require(out, &q) == POSTERN_INVALID; q.flags = 0;
            q.size = 8; fine &= out->require(out, &q) == POSTERN_INVALID; q.size = sizeof q;
            q.names = &bad; q.name_count = 1; q.name_size = sizeof bad; fine &= out->require(out, &q) == POSTERN_INVALID;
            q.names = &good; q.name_size = 7; fine &= out->require(out, &q) == POSTERN_INVALID;
            q.name_size = sizeof good; q.name_count = 33; fine &= out->require(out, &q) == POSTERN_INVALID; q.name_count = 1;
            for (int i = 0; i < 16; i++) fine &= out->require(out, &q) == POSTERN_OK;
            fine &= out->require(out, &q) == POSTERN_LIMIT;
            if (!fine) out->fail(out, text("bad"));
            return POSTERN_DONE;
            """)
        #expect(verdict.result == .done && verdict.requirements.count == 16, "\(verdict.detail)")
    }

    @Test(arguments: homes) func onlyWithTheRightAndInItsPhase(_ home: FilterManifest.Home) throws {
        let body = """
            postern_requirement q = {.size = sizeof q, .minimum_tls = POSTERN_TLS_1_2};
            int status = out->require(out, &q);
            if (status != (call->phase == POSTERN_PHASE_ROUTE ? POSTERN_FORBIDDEN : POSTERN_UNSUPPORTED)) out->fail(out, text("taken"));
            return POSTERN_DONE;
            """
        #expect(try run(home, body, rights: "[]").result == .done)
        #expect(try run(home, body, phase: .data).result == .done)
    }
}
