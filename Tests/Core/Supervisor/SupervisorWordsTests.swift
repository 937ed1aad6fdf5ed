import Glibc
import Processes
import Testing

@testable import Supervisor

/// What supervisor, gateway and successor tell each other.
@Suite struct SupervisorWordsTests {
    @Test(arguments: [
        SupervisorMessage.keep("127.0.0.1:25"), .drop("/run/postern lmtp.sock"), .ready, .ask(.restart), .ask(.upgrade), .kept("[::]:25"),
        .death(pid: 4711, .signalled(SIGILL)), .death(pid: 1, .exited(0)), .begin, .accepted("0.1.0"), .refused("no\nway"),
    ]) func messagesComeBack(_ message: SupervisorMessage) {
        #expect(SupervisorMessage(packet: message.packet) == message)
    }

    @Test(arguments: ["", "Z", "K", "Rx", "Aupgrad", "X1", "X1 s", "X0 s 4", "X1 q 4", "X1 s 999", "X-1 s 4", "B ", "S"])
    func otherPacketsAreNone(_ text: String) {
        #expect(SupervisorMessage(packet: Array(text.utf8)) == nil)
    }

    @Test func packetsAreBounded() {
        let long = SupervisorMessage.refused(String(repeating: "x", count: 10_000)).packet
        #expect(long.count == SupervisorMessage.mostBytes)
        #expect(SupervisorMessage(packet: [UInt8](repeating: UInt8(ascii: "Y"), count: SupervisorMessage.mostBytes + 1)) == nil)
    }

    @Test func stateComesBack() {
        let state = SupervisorState(
            gateway: 12, channel: 5, version: "1.2 (beta)", path: "/opt/a b/postern", sockets: ["127.0.0.1:25": 7, "/run/x=y:z.sock": 9])
        #expect(SupervisorState(state.text) == state)
        // A later release's words are passed over.
        #expect(SupervisorState(state.text + " colour=blue") == state)
    }

    @Test(arguments: [
        "", "2 gateway=1 channel=3 path=2f", "1", "1 gateway=1 channel=3", "1 gateway=x channel=3 path=2f",
        "1 gateway=-1 channel=3 path=2f",
        "1 gateway=1 channel=3 path=2", "1 gateway=1 channel=3 path=zz", "1 gateway=1 channel=3 path=2f socket=1:61",
        "1 gateway=1 channel=3 path=2f socket=7", "1 gateway=1 channel=3 path=2f socket=7:", "1 gateway=1 channel=3 path=ff path",
    ]) func otherStatesAreNone(_ text: String) {
        #expect(SupervisorState(text) == nil)
    }

    @Test func descriptorsGoAlong() throws {
        let (a, b) = try #require(PacketSocket.pair())
        defer { b.close() }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(a.send(.keep("x"), with: ends[0]))
        #expect(a.send(.ready))
        guard case .packet(.keep("x"), .some(let passed)) = b.receive(waiting: true) else {
            Issue.record("no descriptor")
            return
        }
        defer { close(passed) }
        // A descriptor of its own, for the same pipe, that no child inherits.
        #expect(!ends.contains(passed) && fcntl(passed, F_GETFD) & FD_CLOEXEC != 0)
        #expect(write(ends[1], "!", 1) == 1)
        var byte: UInt8 = 0
        #expect(read(passed, &byte, 1) == 1 && byte == UInt8(ascii: "!"))
        guard case .packet(.ready, nil) = b.receive(waiting: true) else {
            Issue.record("no ready")
            return
        }
        guard case .nothing = b.receive(waiting: false) else {
            Issue.record("something")
            return
        }
        a.close()
        guard case .end = b.receive(waiting: true) else {
            Issue.record("no end")
            return
        }
        #expect(!b.send(.begin))
    }

    @Test func strangePacketsAreDropped() throws {
        let (a, b) = try #require(PacketSocket.pair())
        defer {
            a.close()
            b.close()
        }
        let long = [UInt8](repeating: UInt8(ascii: "K"), count: SupervisorMessage.mostBytes * 2)
        #expect(send(a.descriptor, long, long.count, 0) == long.count)
        guard case .packet(nil, nil) = b.receive(waiting: true) else {
            Issue.record("a packet cut short was taken")
            return
        }
    }

    @Test func environmentsChange() {
        let lines = Spawn.environment(["PATH": nil, "POSTERN_TEST": "a=b"])
        #expect(!lines.contains { $0.hasPrefix("PATH=") } && lines.contains("POSTERN_TEST=a=b"))
    }

    @Test func programsAreFoundWhereTheyWereStarted() {
        #expect(ProgramPath.find("/opt/postern", folder: "/tmp", path: "/bin") == "/opt/postern")
        #expect(ProgramPath.find("build/bin/postern", folder: "/tmp", path: "/bin") == "/tmp/build/bin/postern")
        // Not in PATH: whatever runs.
        #expect(ProgramPath.find("postern-that-is-nowhere", folder: "/tmp", path: "/bin:").hasPrefix("/"))
        #expect(ProgramPath.current().hasPrefix("/"))
    }
}
