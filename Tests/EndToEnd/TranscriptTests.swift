import Foundation
import GatewayTestKit
import NIOPosix
import Testing

/// The dialogues of Tests/Transcripts with the installed binary, over a socket and with real TLS.
@Suite(.serialized) struct TranscriptTests {
    @Test(.enabled(if: Tool.isStaged)) func dialogues() async throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "recipients: {list: [user, second, postmaster]}\nfilters: []", certificate: Tool.certificate())
        try gateway.start()
        defer { gateway.stop() }
        let transcripts = try Transcript.all()
        try #require(transcripts.count >= 7)
        for transcript in transcripts {
            let transport = try await SocketTransport(host: "127.0.0.1", port: gateway.port, group: .singletonMultiThreadedEventLoopGroup)
            await #expect(throws: Never.self, "\(transcript)") { try await transcript.run(over: transport) }
            await transport.close()
        }
        // one-message, both of pipelining, starttls: nothing that was smuggled.
        #expect(Tool.wait { sink.messages.count == 4 }, "\(sink.messages.count)")
        #expect(!sink.messages.contains { $0.contains("evil") })
    }
}
