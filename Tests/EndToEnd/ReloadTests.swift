import Foundation
import Testing

/// Filters are enabled, disabled and moved while mail flows; every receipt shows one policy whole, never a mixture.
@Suite(.serialized) struct ReloadTests {
    private static let variants = [
        "filters: [{hello-c: {name: first}}, {hello-c: {name: second, greeting: test}}]",
        "filters: [{hello-c: {name: second, greeting: test}}, {hello-c: {name: first}}]",
        "filters: [{hello-c: {name: first, enabled: false}}, {hello-c: {name: second, greeting: test}}]",
        "filters: [{hello-c: {name: third}}, {hello-c: {name: second, greeting: test, enabled: false}}]",
    ]
    private static let expected = [["first", "second"], ["second", "first"], ["second"], ["third"]]

    @Test(.enabled(if: Tool.isStaged)) func noMessageIsJudgedByAMixture() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: Self.variants[0])
        try gateway.start()
        defer { gateway.stop() }

        let count = 200
        let replies = Replies()
        let senders = (0..<4).map { _ in
            Thread { replies.add((try? gateway.send(count: count / 4)) ?? []) }
        }
        for sender in senders { sender.start() }
        // Generation 1 is the first variant; each reload that is taken counts one up.
        var variantOf: [Int: Int] = [1: 0]
        var changes = 0
        while replies.count < count, changes < 400 {
            changes += 1
            let variant = changes % Self.variants.count
            try gateway.writeDomain(Self.variants[variant])
            // By command or by the changed file itself, whichever comes first: only what the command reports is counted as ours.
            let result = try gateway.json("reload").first
            variantOf[try #require(result?["generation"] as? Int)] = variant
            usleep(20_000)
        }
        #expect(Tool.wait(60) { replies.count == count }, "\(replies.count)")
        let ids = replies.all.compactMap(GatewayUnderTest.queueID)
        #expect(ids.count == count, "\(replies.all.filter { !$0.contains("queued") })")
        #expect(Set(ids).count == count)

        var seen: Set<Int> = []
        var digests: [Int: Set<String>] = [:]
        for id in ids {
            let receipts = try gateway.json("trace", id)
            let receipt = try #require(receipts.first { $0["kind"] as? String == "inspected" }?["json"] as? [String: Any])
            let generation = try #require(receipt["policy_generation"] as? Int)
            let names = try #require(receipt["filters"] as? [[String: Any]]).map { $0["name"] as? String ?? "" }
            // A reload by the file watch repeats the variant of the write before it: one of the four, whole.
            let variant = try #require(Self.expected.firstIndex(of: names), "\(names) is no variant whole")
            if let wanted = variantOf[generation] { #expect(names == Self.expected[wanted], "generation \(generation)") }
            let policy = try #require((receipt["recipients"] as? [[String: Any]])?.first?["policy"] as? String)
            digests[variant, default: []].insert(policy)
            seen.insert(variant)
        }
        #expect(seen.count >= 2, "mail flowed through several policies: \(seen)")
        for (variant, digest) in digests { #expect(digest.count == 1, "variant \(variant) had digests \(digest)") }
        #expect(Tool.wait(60) { sink.messages.count == count }, "\(sink.messages.count) delivered")
    }

    @Test(.enabled(if: Tool.isStaged)) func aBadFileIsRefusedAndTheOldPolicyStays() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort(), domain: Self.variants[0])
        try gateway.start()
        defer { gateway.stop() }
        try gateway.writeDomain("filtres: []")
        let refused = try gateway.command("reload")
        #expect(refused.status == 1)
        #expect((refused.output + refused.errors).contains("example.com.yaml:4:1"), "\(refused.output)\(refused.errors)")
        #expect((refused.output + refused.errors).contains("filters"), "names the nearest key: \(refused.errors)")
        let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
        #expect(check.status == 1 && (check.output + check.errors).contains("example.com.yaml:4:1"))
        let id = try #require(GatewayUnderTest.queueID(gateway.send()[0]))
        let receipts = try gateway.json("trace", id)
        let receipt = try #require(receipts.first { $0["kind"] as? String == "inspected" }?["json"] as? [String: Any])
        #expect((receipt["filters"] as? [Any])?.count == 2)
        try gateway.writeDomain(Self.variants[3])
        #expect(try gateway.command("reload").status == 0)
        #expect(try Tool.run([Tool.postern, "check", "--config", gateway.configuration]).status == 0)
    }

    private final class Replies: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        func add(_ more: [String]) { lock.withLock { lines += more } }
        var all: [String] { lock.withLock { lines } }
        var count: Int { lock.withLock { lines.count } }
    }
}
