import Foundation
import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import Receive
import Testing

/// Addresses of both families, and Unix sockets.
@Suite struct ListenerPlaceTests {
    private func server() -> SMTPServer {
        SMTPServer(
            group: MultiThreadedEventLoopGroup.singleton,
            policy: FixedPolicy(current: PolicySnapshot(generation: 1, hostname: "mx.example.com")),
            inspectors: ScriptedInspectors(), log: SilentMailLog(), clock: ManualLoop())
    }

    /// The first line that a server says.
    private func greeting(_ address: SocketAddress) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: address) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, _ in
            for try await bytes in inbound { return String(buffer: bytes) }
            return ""
        }
    }

    /// Where there is IPv6 at all.
    private static let hasIPv6: Bool = {
        let probe = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        defer { if probe >= 0 { close(probe) } }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
        }
        if bound != 0 { print("skipped: this machine has no IPv6 loopback address") }
        return bound == 0
    }()

    @Test(.enabled(if: hasIPv6)) func bothFamiliesOnOnePort() async throws {
        let port = FreePort.take()
        for places in [["0.0.0.0", "::"], ["::", "0.0.0.0"]] {
            let server = server()
            try await server.start(places.map { SMTPListener(.port($0, port)) })
            for host in ["127.0.0.1", "::1"] {
                #expect(try await greeting(SocketAddress(ipAddress: host, port: port)).hasPrefix("220 mx.example.com"), "\(host)")
            }
            await server.stop()
        }
    }

    @Test(.enabled(if: hasIPv6)) func theIPv6ListenerTakesNoIPv4() async throws {
        let port = FreePort.take()
        let server = server()
        try await server.start([SMTPListener(.port("::", port))])
        #expect(try await greeting(SocketAddress(ipAddress: "::1", port: port)).hasPrefix("220 "))
        await #expect(throws: (any Error).self) { try await greeting(SocketAddress(ipAddress: "127.0.0.1", port: port)) }
        await server.stop()
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aUnixSocket() async throws {
        let path = NSTemporaryDirectory() + "postern-\(UUID().uuidString.prefix(8)).sock"
        defer { unlink(path) }
        var listener = SMTPListener(.socket(path))
        listener.isLMTP = true
        listener.socketMode = 0o620
        let first = server()
        try await first.start([listener])
        #expect(try mode(path) == 0o620)
        #expect(try await greeting(SocketAddress(unixDomainSocketPath: path)).hasPrefix("220 "))

        // Somebody listens: it is not taken away.
        let second = server()
        let failure = await #expect(throws: ReceiveFailure.self) { try await second.start([listener]) }
        #expect(failure?.description.contains(path) == true && failure?.description.contains("another program listens") == true)
        #expect(try await greeting(SocketAddress(unixDomainSocketPath: path)).hasPrefix("220 "))

        // Nobody does any more: what is left of it is no obstacle.
        await first.stop()
        listener.socketMode = 0o660
        try await second.start([listener])
        #expect(try mode(path) == 0o660)
        #expect(try await greeting(SocketAddress(unixDomainSocketPath: path)).hasPrefix("220 "))
        await second.stop()
    }

    @Test func aFileInItsPlaceStays() async throws {
        let path = NSTemporaryDirectory() + "postern-\(UUID().uuidString.prefix(8)).sock"
        try "precious".write(toFile: path, atomically: false, encoding: .utf8)
        defer { unlink(path) }
        let failure = await #expect(throws: ReceiveFailure.self) { try await server().start([SMTPListener(.socket(path))]) }
        #expect(failure?.description.contains("exists and is no socket") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        let long = "/tmp/" + String(repeating: "x", count: 103)
        let tooLong = await #expect(throws: ReceiveFailure.self) { try await server().start([SMTPListener(.socket(long))]) }
        #expect(tooLong?.description.contains("at most 107") == true)
        let nowhere = await #expect(throws: ReceiveFailure.self) { try await server().start([SMTPListener(.socket("/nowhere/x.sock"))]) }
        #expect(nowhere?.description.contains("/nowhere/x.sock") == true)
    }
}
