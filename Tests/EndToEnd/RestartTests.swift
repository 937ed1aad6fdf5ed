import Foundation
import GatewayTestKit
import Synchronization
import Testing

/// The gateway makes room for another, and ends, without refusing a connection or losing a message.
@Suite(.serialized) struct RestartTests {
    /// A copy of the program in a tree of its own, so that it can be replaced.
    private final class Program {
        private let folder: TemporaryFolder
        var path: String { folder.path + "/bin/postern" }

        init() throws {
            folder = try TemporaryFolder()
            try FileManager.default.createDirectory(atPath: folder.path + "/bin", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/lib", withDestinationPath: Tool.stage + "/lib")
            try replace(with: nil)
        }

        /// By renaming, as installers do. nil: the real program, in a new file.
        func replace(with script: String?) throws {
            let new = path + ".new"
            if let script {
                try script.write(toFile: new, atomically: false, encoding: .utf8)
                chmod(new, 0o755)
            } else {
                try FileManager.default.copyItem(atPath: Tool.postern, toPath: new)
            }
            rename(new, path)
        }
    }

    @Test(.enabled(if: Tool.isStaged)) func anUpgradeUnderLoadRefusesNobodyAndLosesNothing() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let program = try Program()
        let gateway = try GatewayUnderTest(nextHop: sink.port, more: "limits: {drain: 5s}")
        try gateway.start(program.path)
        defer { gateway.stop() }
        let knocks = Knocks(on: gateway.port)
        let replies = Mutex<[String]>([])
        let isOver = Mutex(false)
        let senders = (0..<3).map { _ in
            Thread {
                while !isOver.withLock({ $0 }) {
                    let lines = (try? gateway.send(count: 10)) ?? []
                    replies.withLock { $0 += lines }
                }
                replies.withLock { $0.append("end") }
            }
        }
        for sender in senders { sender.start() }
        let supervisor = try #require(gateway.daemon).process.pid
        func executable(_ pid: pid_t) -> String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) ?? "" }
        var pids: Set<pid_t> = []
        for replacement in ["upgrade", "restart", "upgrade"] {
            #expect(Tool.wait { replies.withLock { $0.count { $0.hasPrefix("250") } } > 20 * pids.count })
            let before = try #require(gateway.pid)
            pids.insert(before)
            if replacement == "upgrade" {
                try program.replace(with: nil)
                #expect(executable(supervisor).hasSuffix("(deleted)"))
            }
            let result = try gateway.command(replacement)
            #expect(result.status == 0 && result.output.contains("takes mail"), "\(result.output)\(result.errors)")
            let after = try #require(gateway.pid)
            #expect(after != before)
            // Supervisor and gateway run what lies on the disk.
            #expect(executable(supervisor) == program.path && executable(after) == program.path)
        }
        isOver.withLock { $0 = true }
        #expect(Tool.wait(120) { replies.withLock { $0.count { $0 == "end" } } == 3 })
        knocks.end()
        #expect(knocks.answered > 50 && knocks.refused == 0, "\(knocks.answered) answered, \(knocks.refused) refused")
        let lines = replies.withLock { $0 }.filter { $0 != "end" }
        // A session that is not in a message at the stop is handed back with 421; nothing else happens to anybody.
        let others = lines.filter { !$0.hasPrefix("250") && !$0.hasPrefix("421") }
        #expect(others.isEmpty, "\(Set(others))")
        let accepted = Set(lines.compactMap(GatewayUnderTest.queueID))
        try #require(accepted.count > 60)
        #expect(Tool.wait(60) { Self.delivered(sink).isSuperset(of: accepted) }, "lost: \(accepted.subtracting(Self.delivered(sink)))")
    }

    private static func delivered(_ sink: SinkUnderTest) -> Set<String> {
        Set(
            sink.messages.compactMap { text in
                text.range(of: "X-Postern-Trace: ").map { String(text[$0.upperBound...].prefix(13)) }
            })
    }

    @Test(.enabled(if: Tool.isStaged)) func whatCannotRunReplacesNothing() throws {
        let program = try Program()
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start(program.path)
        defer { gateway.stop() }
        let before = try #require(gateway.pid)
        for script in ["#!/bin/sh\necho cannot find libunbound >&2\nexit 127\n", "this is no program", "#!/bin/sh\nexit 0\n"] {
            try program.replace(with: script)
            let result = try gateway.command("upgrade")
            #expect(result.status == 1 && result.errors.contains(program.path), "\(result.output)\(result.errors)")
            #expect(gateway.pid == before)
        }
        try program.replace(with: nil)
        try gateway.writeDomain("filtres: []")
        for replacement in ["upgrade", "restart"] {
            let result = try gateway.command(replacement)
            #expect(result.status == 1 && result.errors.contains("example.com.yaml:4:1"), "\(result.output)\(result.errors)")
        }
        #expect(gateway.pid == before)
        #expect(try gateway.send()[0].hasPrefix("250"))
        try gateway.writeDomain("filters: []")
        #expect(try gateway.command("upgrade").status == 0)
        #expect(gateway.pid != before)
        #expect(try gateway.send()[0].hasPrefix("250"))
    }

    @Test(.enabled(if: Tool.isStaged)) func aListenerThatIsNotConfiguredAnyMoreIsClosed() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        let other = Tool.freePort()
        let text = try String(contentsOfFile: gateway.configuration + "/postern.yaml", encoding: .utf8)
        try gateway.write(
            "postern.yaml",
            text.replacingOccurrences(of: "role: inbound}]", with: "role: inbound}, {address: 127.0.0.1, port: \(other), role: inbound}]"))
        try gateway.start()
        defer { gateway.stop() }
        #expect(Tool.isListening(other))
        try gateway.write("postern.yaml", text)
        #expect(try gateway.command("restart").status == 0)
        #expect(!Tool.isListening(other) && Tool.isListening(gateway.port))
    }

    /// SIGTERM: a message under way is taken, an idle session handed back, new ones refused, and what had its 250 is there afterwards.
    @Test(.enabled(if: Tool.isStaged)) func aStopFinishesWhatIsOpen() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        let supervisor = try #require(gateway.daemon).process.pid
        let script = """
            import os, signal, socket, time
            def open():
                s = socket.create_connection(('127.0.0.1', \(gateway.port)), timeout=30); f = s.makefile('rb')
                def say(line):
                    if line is not None: s.sendall(line.encode() + b'\\r\\n')
                    while True:
                        l = f.readline().decode()
                        if l[3:4] != '-': return l.strip()
                say(None); say('EHLO c.example')
                return say
            busy, idle = open(), open()
            busy('MAIL FROM:<a@sender.example>'); busy('RCPT TO:<b@example.com>'); busy('DATA')
            os.kill(\(supervisor), signal.SIGTERM)
            print(idle(None))
            for i in range(2000):
                try: socket.create_connection(('127.0.0.1', \(gateway.port))).close(); time.sleep(0.01)
                except ConnectionRefusedError: print('refused'); break
            print(busy('Subject: x\\r\\n\\r\\nbody\\r\\n.'))
            """
        let result = try Tool.run(["python3", "-c", script])
        let lines = result.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(result.output)\(result.errors)")
        #expect(lines[0].hasPrefix("421 4.3.2"))
        #expect(lines[1] == "refused")
        #expect(lines[2].hasPrefix("250"))
        #expect(gateway.stop() == 0)
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.json("queue", "list").compactMap { $0["id"] as? String } == [GatewayUnderTest.queueID(lines[2])])
    }

    @Test(.enabled(if: Tool.isStaged)) func withoutSupervisorThereIsNoReplacement() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start(options: ["--no-supervisor"])
        defer { gateway.stop() }
        #expect(gateway.pid == nil)
        let result = try gateway.command("restart")
        #expect(result.status == 1 && result.errors.contains("--no-supervisor"), "\(result.errors)")
        #expect(try gateway.send()[0].hasPrefix("250"))
        #expect(gateway.stop(SIGINT) == 0)
    }
}

/// Connects again and again, as the world does, and counts who is refused.
final class Knocks: Sendable {
    private let counts = Mutex((answered: 0, refused: 0, isOver: false))

    init(on port: Int) {
        Thread { [self] in
            while !counts.withLock({ $0.isOver }) {
                let isAnswered = Tool.isListening(port)
                counts.withLock {
                    if isAnswered { $0.answered += 1 } else { $0.refused += 1 }
                }
                usleep(5_000)
            }
        }.start()
    }

    func end() { counts.withLock { $0.isOver = true } }

    var answered: Int { counts.withLock { $0.answered } }
    var refused: Int { counts.withLock { $0.refused } }
}
