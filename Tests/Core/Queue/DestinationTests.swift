import GatewayTestKit
import Mail
import Testing

@testable import Queue

/// Where copies go, by the policy in force.
struct DestinationTests {
    private func policy(relay: Bool, tls: NextHop.TLSMode = .require, sendsOut: Bool = true) -> PolicySnapshot {
        var ours = DomainPolicy(domain: "ours.example")
        ours.aliases = ["alias.example"]
        ours.deliverTo = [NextHop(host: "in.ours.example")]
        if sendsOut {
            ours.outbound = OutboundPolicy()
            ours.outbound!.deliverTo = relay ? [NextHop(host: "relay.example")] : []
            ours.outbound!.mxTLS = tls
        }
        return PolicySnapshot(generation: 1, hostname: "mx.example", domains: [ours])
    }

    private func copy(_ domain: String, redirectedFrom: ReversePath? = nil) -> StoredRecipient {
        var copy = StoredRecipient(
            index: 0, address: EmailAddress(localPart: "a", domain: domain), policyDomain: "ours.example", state: .queued,
            addedHeaders: "", nextAttempt: Timestamp(seconds: 0))
        copy.reversePath = redirectedFrom
        return copy
    }

    @Test func `inbound goes to its policy domain's servers`() throws {
        let policy = policy(relay: false)
        let destination = Destination(of: copy("alias.example"), role: .inbound, by: policy)
        #expect(destination == .servers("ours.example"))
        #expect(try destination.route(by: policy).get() == .nextHops([NextHop(host: "in.ours.example")]))
        let gone = PolicySnapshot(generation: 2, hostname: "mx.example")
        #expect(Destination(of: copy("alias.example"), role: .inbound, by: gone) == destination)
        #expect(throws: Destination.NoRoute.self) { try destination.route(by: gone).get() }
    }

    @Test func `outbound goes to the sender's relay, or by MX, a lane for each recipients' domain`() throws {
        let relayed = policy(relay: true)
        #expect(Destination(of: copy("far.example"), role: .outbound, by: relayed) == .relay("ours.example"))
        let policy = policy(relay: false)
        let destination = Destination(of: copy("BÜCHER.example"), role: .outbound, by: policy)
        #expect(destination == .mx("xn--bcher-kva.example", sender: "ours.example"))
        #expect(try destination.route(by: policy).get() == .mx("xn--bcher-kva.example", tls: .require))
        #expect("\(destination)" == "mx xn--bcher-kva.example for ours.example")
        #expect(Destination(of: copy("[192.0.2.1]"), role: .outbound, by: policy) == .mx("[192.0.2.1]", sender: "ours.example"))
        // A domain that is ours has ourselves as its MX.
        #expect(Destination(of: copy("alias.example"), role: .outbound, by: policy) == .servers("ours.example"))
        let silent = self.policy(relay: false, sendsOut: false)
        let nowhere = Destination(of: copy("far.example"), role: .outbound, by: silent)
        #expect(throws: Destination.NoRoute.hasNoOutbound("ours.example")) { try nowhere.route(by: silent).get() }
    }

    @Test func `a redirected copy goes to its address's domain`() throws {
        let policy = policy(relay: true)
        let ours = Destination(of: copy("alias.example", redirectedFrom: .null), role: .inbound, by: policy)
        #expect(ours == .servers("ours.example"))
        let far = Destination(of: copy("far.example", redirectedFrom: .null), role: .inbound, by: policy)
        #expect(far == .mx("far.example", sender: nil))
        #expect(try far.route(by: policy).get() == .mx("far.example", tls: .opportunistic))
    }

    @Test func `a reload moves waiting copies to their new destination`() {
        let bench = QueueBench(["a"])
        var message = bench.message(1, to: [("far.example", ""), ("near.example", "")])
        message.role = .outbound
        for i in 0...1 { message.recipients[i].policyDomain = "a" }
        bench.put(message)
        #expect(bench.hops.running.count == 1, "both through the relay")
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        bench.policy.set(["a"], relays: false)
        bench.queue.flush { _ in }
        bench.loop.runPending()
        let routes = bench.hops.running.map { "\($0.route)" }.sorted()
        #expect(routes.count == 2 && routes[0].contains("far.example") && routes[1].contains("near.example"))
        for _ in 0...1 { bench.hops.finish() }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.delivered, .delivered])
    }

    @Test func `copies with reverse-paths of their own go in transactions of their own`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        var message = bench.message(1, "a", "a", "a")
        message.recipients[1].reversePath = .address(EmailAddress(localPart: "srs", domain: "gateway.test"))
        bench.put(message)
        let jobs = bench.hops.jobs.map { "\($0.reversePath) \($0.recipients.map(\.index))" }.sorted()
        #expect(jobs == [" [0, 2]", "srs@gateway.test [1]"])
    }
}
