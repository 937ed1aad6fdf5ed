import Mail
import Testing

@testable import PluginHost

/// The phase `peer` through the real ABI, in both homes.
@Suite(.timeLimit(.minutes(5)))
struct PeerCallTests {
    private func run(_ home: FilterManifest.Home, _ body: String, _ peer: PeerFacts, rights: String = #"["reject", "defer"]"#) throws
        -> Verdict
    {
        let plugins = try TestPlugins()
        try plugins.compile(
            "#define IS(bytes, t) ((bytes).length == strlen(t) && !memcmp((bytes).data, t, strlen(t)))\n" + body,
            manifest: ["phases": #"["peer"]"#, "rights": rights])
        plugins.host.rescan()
        var slot = FilterSlot(name: "slot", plugin: "test")
        slot.home = home
        var call = FilterCall(
            phase: .peer, session: plugins.call(.connect).session, recipients: .none, domain: "example.com", slotName: "slot")
        call.route = RouteQuestion(role: .outbound, policyDomain: "example.com", destination: "far.example", isByMX: true)
        call.peer = peer
        let events = Events()
        _ = try plugins.host.instance(for: slot).start(call, on: plugins.loop) { events.add($0) }
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        return try #require(events.verdicts.first)
    }

    @Test(arguments: RouteCallTests.homes) func theServerIsShown(_ home: FilterManifest.Home) throws {
        let large = [UInt8](repeating: 7, count: 90_000)
        let peer = PeerFacts(
            host: "mx.far.example", address: IPAddress("192.0.2.7"), port: 25, tls: TLSFacts(version: "TLSv1.3", cipher: ""),
            chain: [PeerCertificate(bytes: Array("own".utf8), publicKey: Array("key".utf8)), PeerCertificate(bytes: large, publicKey: [])],
            names: ["mx.far.example", "*.far.example"])
        let verdict = try run(
            home,
            """
            const postern_peer *p = call->peer;
            const uint8_t address[16] = {192, 0, 2, 7};
            int good = POSTERN_HAS(call, peer) && p && p->size == sizeof *p && p->flags == POSTERN_PEER_TLS && IS(p->host, "mx.far.example")
                && p->family == 4 && p->port == 25 && !memcmp(p->address, address, 16) && IS(p->tls_version, "TLSv1.3")
                && !p->tls_cipher.length && p->certificate_count == 2 && p->certificate_size == sizeof *p->certificates
                && IS(p->certificates[0].der, "own") && IS(p->certificates[0].public_key, "key")
                && p->certificates[1].der.length == 90000 && p->certificates[1].der.data[89999] == 7 && !p->certificates[1].public_key.length
                && p->name_count == 2 && p->name_size == sizeof *p->names && IS(p->names[1], "*.far.example")
                && call->route && IS(call->route->destination, "far.example") && !call->transaction && !call->message
                && IS(call->domain, "example.com");
            postern_requirement q = {.size = sizeof q};
            good = good && out->require(out, &q) == POSTERN_UNSUPPORTED
                && out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0) == POSTERN_UNSUPPORTED
                && out->propose(out, POSTERN_QUARANTINE, 0, 0, 0, text("x"), 0) == POSTERN_UNSUPPORTED
                && out->propose(out, POSTERN_DEFER, 451, 7, 5, text("not this one"), 0) == POSTERN_OK;
            if (!good) out->fail(out, text("bad"));
            return POSTERN_DONE;
            """, peer)
        #expect(verdict.result == .done, "\(verdict.detail)")
        #expect(verdict.proposals.map(\.action) == [.defer(Reply(ReplyStatus(451, 7, 5), "not this one"))])
    }

    @Test(arguments: RouteCallTests.homes) func aSocketInClearAndNoRight(_ home: FilterManifest.Home) throws {
        let verdict = try run(
            home,
            """
            const postern_peer *p = call->peer;
            int good = p->flags == POSTERN_PEER_LMTP && !p->family && !p->port && IS(p->host, "/run/lmtp") && !p->certificates && !p->names
                && !p->certificate_count && !p->name_count && !p->tls_version.length
                && out->propose(out, POSTERN_REJECT, 550, 7, 5, text("no"), 0) == POSTERN_FORBIDDEN;
            if (!good) out->fail(out, text("bad"));
            return POSTERN_DONE;
            """, PeerFacts(host: "/run/lmtp", address: nil, port: 0, isLMTP: true), rights: "[]")
        #expect(verdict.result == .done && verdict.proposals.isEmpty, "\(verdict.detail)")
    }
}
