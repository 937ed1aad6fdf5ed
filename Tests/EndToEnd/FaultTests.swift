import Foundation
import GatewayTestKit
import Testing

/// Bad input: each ends in a clear text that says where and what to do, and nothing is lost.
@Suite(.serialized) struct FaultTests {
    @Test(.enabled(if: Tool.isStaged)) func aPortInUseIsNamed() throws {
        let first = try GatewayUnderTest(nextHop: Tool.freePort())
        try first.start()
        defer { first.stop() }
        let second = try GatewayUnderTest(nextHop: Tool.freePort())
        try second.write(
            "postern.yaml",
            try String(contentsOfFile: second.configuration + "/postern.yaml", encoding: .utf8).replacingOccurrences(
                of: "port: \(second.port)", with: "port: \(first.port)"))
        let result = try Tool.run([Tool.postern, "run", "--config", second.configuration])
        #expect(result.status == 1)
        #expect((result.output + result.errors).contains("127.0.0.1:\(first.port)"), "\(result.errors)")
    }

    @Test(.enabled(if: Tool.isStaged)) func twoGatewaysCannotShareADataFolder() throws {
        let first = try GatewayUnderTest(nextHop: Tool.freePort())
        try first.start()
        defer { first.stop() }
        let second = try GatewayUnderTest(nextHop: Tool.freePort(), data: first.data)
        let result = try Tool.run([Tool.postern, "run", "--config", second.configuration])
        #expect(result.status == 1 && (result.output + result.errors).contains(first.data), "\(result.errors)")
    }

    @Test(.enabled(if: Tool.isStaged)) func aDamagedDatabaseIsNeverReplacedInSilence() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        _ = try gateway.send()
        gateway.stop()
        let path = gateway.data + "/queue.db"
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        var damaged = before
        damaged.replaceSubrange(0..<100, with: Data(repeating: 0x58, count: 100))
        try damaged.write(to: URL(fileURLWithPath: path))
        let result = try Tool.run([Tool.postern, "run", "--config", gateway.configuration])
        #expect(result.status == 1 && (result.output + result.errors).contains("queue.db"), "\(result.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == damaged, "left as it was")
        try FileManager.default.removeItem(atPath: path)
        let missing = try Tool.run([Tool.postern, "run", "--config", gateway.configuration])
        #expect(missing.status == 1 && (missing.output + missing.errors).contains("queue.db"), "\(missing.errors)")
        #expect(!FileManager.default.fileExists(atPath: path), "never silently a new one")
    }

    // The store keeps 64 MiB free so that it can still record deliveries.
    @Test(.enabled(if: Tool.isStaged && getuid() == 0)) func aFullDiskAcceptsNothing() throws {
        let mount = try TemporaryFolder()
        try #require(try Tool.run(["mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", mount.path]).status == 0)
        defer { _ = try? Tool.run(["umount", "-l", mount.path]) }
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort(), data: mount.path + "/data")
        try gateway.start()
        defer { gateway.stop() }
        let replies = try gateway.send(count: 60, text: String(repeating: "x", count: 200_000))
        let accepted = replies.filter { $0.hasPrefix("250") }
        let refused = replies.filter { $0.hasPrefix("452") }
        #expect(!accepted.isEmpty && !refused.isEmpty, "\(replies)")
        #expect(accepted.count + refused.count == replies.count, "\(replies)")
        let listed = try gateway.json("queue", "list")
        #expect(Set(listed.compactMap { $0["id"] as? String }) == Set(accepted.compactMap(GatewayUnderTest.queueID)))
    }

    @Test(.enabled(if: Tool.isStaged)) func aPluginThatIsNoneIsNamed() throws {
        let plugins = try TemporaryFolder()
        try "no library".write(toFile: plugins.path + "/bad.so", atomically: false, encoding: .utf8)
        let manifest = try String(contentsOfFile: Tool.stage + "/examples/hello-c.manifest.json", encoding: .utf8)
        try manifest.replacingOccurrences(of: "hello-c", with: "bad").write(
            toFile: plugins.path + "/bad.manifest.json", atomically: false, encoding: .utf8)
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.write(
            "postern.yaml",
            try String(contentsOfFile: gateway.configuration + "/postern.yaml", encoding: .utf8).replacingOccurrences(
                of: "plugins: [", with: "plugins: [\"\(plugins.path)\", "))
        try gateway.start()
        defer { gateway.stop() }
        try gateway.writeDomain("filters: [bad]")
        let refused = try gateway.command("reload")
        #expect(refused.status == 1 && (refused.output + refused.errors).contains("bad.so"), "\(refused.output)\(refused.errors)")
        #expect(try gateway.send()[0].hasPrefix("250"), "mail flows on")
        #expect(try Tool.run([Tool.postern, "check", "--config", gateway.configuration]).status == 1)
    }

    @Test(.enabled(if: Tool.isStaged)) func aNextHopThatIsGoneKeepsTheMessageQueued() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        defer { gateway.stop() }
        let id = try #require(GatewayUnderTest.queueID(gateway.send()[0]))
        #expect(try Tool.wait { try gateway.command("trace", id).output.contains("refused") })
        let listed = try gateway.json("queue", "list")
        #expect(listed.count == 1 && listed[0]["id"] as? String == id)
        #expect(try gateway.command("queue", "delete", id).status == 0)
        #expect(try gateway.json("queue", "list").isEmpty)
    }

    @Test(.enabled(if: Tool.isStaged)) func itIsNeverAnOpenRelay() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort(), domain: "recipients: {list: [b]}\nfilters: []")
        try gateway.start()
        defer { gateway.stop() }
        for address in [
            "x@elsewhere.example", "b%elsewhere.example@other.example", "b@sub.example.com",
        ] {
            let reply = try gateway.send(to: [address])[0]
            #expect(reply.hasPrefix("554"), "\(address): \(reply)")
        }
        #expect(try gateway.send(to: ["nobody@example.com"])[0].hasPrefix("550 5.1.1"))
        #expect(try gateway.send(to: ["b@example.com"])[0].hasPrefix("250"))
        #expect(try gateway.send(to: ["postmaster@example.com"])[0].hasPrefix("250"))
    }
}
