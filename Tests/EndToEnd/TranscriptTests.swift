import Foundation
import GatewayTestKit
import NIOPosix
import Testing

/// The dialogues of Tests/Transcripts with the installed binary, over a socket and with real TLS: each with a listener as it supposes.
@Suite(.serialized) struct TranscriptTests {
    @Test(.enabled(if: Tool.isStaged)) func dialogues() async throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let transcripts = try Transcript.all()
        try #require(transcripts.count >= 21)
        let folder = try TemporaryFolder()
        var listeners: [String: String] = [:]
        for transcript in transcripts { listeners[Self.name(transcript.traits)] = Self.settings(transcript.traits) }
        #expect(listeners.count > Transcript.Trait.allCases.count)
        let gateway = try GatewayUnderTest(
            nextHop: sink.port,
            domain: "recipients: {list: [user, second, postmaster, 用户]}\nfilters: []\n" + Reception.outbound(sink.port, folder),
            certificate: Tool.certificate(), named: listeners)
        try gateway.start()
        defer { gateway.stop() }
        let group = MultiThreadedEventLoopGroup.singleton
        try await withTaskExecutorPreference(LoopExecutor(group.any())) {
            for transcript in transcripts {
                let port = gateway.port(Self.name(transcript.traits))
                let transport = try await SocketTransport(host: "127.0.0.1", port: port, group: group)
                await #expect(throws: Never.self, "\(transcript)") { try await transcript.run(over: transport) }
                await transport.close()
            }
        }
        // Two each of chunking, lmtp and pipelining, one each of normalize, one-message and starttls: nothing that was smuggled.
        #expect(Tool.wait { sink.messages.count == 9 }, "\(sink.messages.count)")
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty } && sink.messages.count == 9)
        #expect(!sink.messages.contains { $0.contains("X-Mail-Args: <evil") })
    }

    /// In one order, whatever the set's is.
    private static func name(_ traits: Set<Transcript.Trait>) -> String {
        (["tls"] + traits.map(\.rawValue).sorted()).joined(separator: "-")
    }

    private static func settings(_ traits: Set<Transcript.Trait>) -> String {
        var settings = ["tls: true"]
        if traits.contains(.auth) { settings += ["role: outbound", "auth: required"] }
        if traits.contains(.lmtp) { settings.append("protocol: lmtp") }
        if traits.contains(.normalize) { settings.append("line_ends: normalize") }
        if traits.contains(.xclient) { settings.append("xclient: [127.0.0.1]") }
        if traits.contains(.proxy) { settings.append("proxy_protocol: [127.0.0.0/8]") }
        return settings.joined(separator: ", ")
    }
}
