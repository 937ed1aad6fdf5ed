import GatewayTestKit
import Testing

@testable import SMTP

@Suite struct ServerTranscriptTests {
    /// The PROXY header comes before the machine.
    static let transcripts = try! Transcript.all().filter { !$0.traits.contains(.proxy) }

    @Test func thereAreTranscripts() { #expect(Self.transcripts.count >= 15) }

    @Test(arguments: transcripts) func whole(_ transcript: Transcript) async throws {
        try await transcript.run(over: ServerMachineTransport(for: transcript))
    }

    /// What arrives in pieces means the same. (Only bytes that come together with STARTTLS are known to be in clear.)
    @Test(arguments: transcripts.filter { $0.name != "starttls-injection.smtp" }, [1, 2, 3, 5, 17])
    func split(_ transcript: Transcript, size: Int) async throws {
        try await transcript.run(over: ServerMachineTransport(for: transcript), split: size)
    }

    @Test func unstuffedAndWhole() async throws {
        let transport = ServerMachineTransport()
        try await #require(Self.transcripts.first { $0.name == "one-message.smtp" }).run(over: transport)
        let record = transport.inspectors.record
        #expect(
            record.messages.map { String(decoding: $0, as: UTF8.self) } == [
                "From: sender@client.example\r\nSubject: hello\r\n\r\n.a line with a dot\r\n"
            ])
        #expect(record.recipients.map { $0.map(\.description) } == [["user@example.com", "second@example.com"]])
    }

    @Test func aRunnerThatNeverFailsTestsNothing() async throws {
        let wrong = try Transcript(name: "wrong", text: "S: 220 *\nC: QUIT\nS: 250 *\n")
        await #expect(throws: TranscriptFailure.self) { try await wrong.run(over: ServerMachineTransport()) }
        let open = try Transcript(name: "open", text: "S: 220 *\nC: NOOP\nS! closed\n")
        await #expect(throws: TranscriptFailure.self) { try await open.run(over: ServerMachineTransport()) }
    }
}
