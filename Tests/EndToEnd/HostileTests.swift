import Foundation
import GatewayTestKit
import Testing

/// A plugin in the worker that the gateway started for it tries all that it must not (`Tests/SDK/hostile`); `Hostile.md` says what stopped each.
@Suite(.serialized) struct HostileTests {
    private static let groups = ["sockets", "processes", "files", "memory", "kernel", "gateway"]
    /// What ends the process at once.
    private static let fatal = ["i386 system call", "x32 system call"]
    /// Possible where the gateway is no root: its workers are its own user's, and see /proc as that user does.
    private static let ownUserOnly: Set = ["1100 threads with small stacks", "read /proc/PID/cmdline of a process of its user"]

    @Test(.enabled(if: Tool.isStaged)) func inItsWorkerNothingIsPossible() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, more: "workers: {plugins: {hostile: {memory: 256MB, temporary: 1MB}}}", probe: try Self.probe())
        try World.prepare(gateway)
        // A filter beside it remembers something.
        try gateway.writeDomain("filters: [{greylist: {home: worker, shadow: true}}, {hostile: \(World.settings(gateway))}]")
        try gateway.start()
        defer { gateway.stop() }
        let plugin = try #require(gateway.json("plugin", "list").first { $0["id"] as? String == "hostile" })
        let worker = try #require((plugin["workers"] as? [Int])?.first).description
        let neighbour = try Self.neighbour(of: worker)
        defer { neighbour.stop() }
        try World.plant(gateway, worker)
        // Large, so that it is shown by a descriptor.
        let text = (0..<1000).map { "\($0) " + String(repeating: "x", count: 90) }.joined(separator: "\\r\\n")

        var found: [(name: String, answer: String)] = []
        for group in Self.groups {
            let reply = try gateway.send(fields: ["Try: \(group)", "Neighbour: \(neighbour.pid)"], text: text)[0]
            let id = try #require(GatewayUnderTest.queueID(reply), "\(group): \(reply) \(gateway.logText.suffix(2000))")
            let lines = gateway.lines("tried: ").filter { $0.contains("id=\(id)") }
            #expect(!lines.isEmpty, "\(group)")
            for line in lines {
                for one in line[line.range(of: "tried: ")!.upperBound...].components(separatedBy: " | ") {
                    let words = one.components(separatedBy: " -> ")
                    try #require(words.count == 2, "\(one)")
                    found.append((words[0], words[1]))
                }
            }
        }
        #expect(gateway.lines("died: ").isEmpty, "\(gateway.lines("died: "))")
        #expect(gateway.workers.contains { "\($0)" == worker })
        #expect(Tool.wait { sink.messages.count == Self.groups.count })
        #if arch(x86_64)
            for (number, name) in Self.fatal.enumerated() {
                let word = name.replacingOccurrences(of: " ", with: "_")
                #expect(try gateway.send(fields: ["Try: \(word)"], client: "127.0.\(number + 2).1")[0].hasPrefix("250"))
                let told = try #require(gateway.lines("ended two workers").last, "\(gateway.logText.suffix(2000))")
                #expect(told.contains("SIGSYS"), "\(told)")
                found.append((name, "ended: SIGSYS"))
            }
            #expect(try gateway.json("quarantine", "list").count == Self.fatal.count)
        #endif
        #expect(try gateway.send(text: "afterwards")[0].hasPrefix("250"))

        let cage = try #require(plugin["cage"] as? [String])
        let isWhole = cage.contains("own /proc") && cage.contains("own network") && cage.contains("landlock 7")
        #expect(found.count > 140, "\(found.count)")
        for (name, answer) in found where isWhole || !Self.ownUserOnly.contains(name) { #expect(answer != "possible", "\(name)") }
        if isWhole { try Self.compare(found) }
    }

    /// Written beside it where it differs: `Hostile.md.actual`.
    private static func compare(_ found: [(name: String, answer: String)]) throws {
        let file = Tool.tree + "/Tests/EndToEnd/Hostile.md"
        let expected = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        let rows = found.map { "| \($0.name) | \($0.answer) |" }
        let table = expected.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| ") }.dropFirst(2)
        guard Array(table) != rows else { return }
        let head = expected.components(separatedBy: "\n| ").first ?? ""
        let text = head + "\n| attempt | answer |\n| --- | --- |\n" + rows.joined(separator: "\n") + "\n"
        try text.write(toFile: file + ".actual", atomically: true, encoding: .utf8)
        let differing = Set(rows).symmetricDifference(table)
        Issue.record("what stops what in a worker has changed, see \(file).actual: \(differing.sorted())")
    }

    /// The plugin, and the attempts that the tests of the sandbox make.
    private static func probe() throws -> Probe {
        let attempts = Tool.tree + "/Tests/Core/Sandbox/Attempts"
        let sources = ["sockets", "processes", "files", "memory", "kernel", "prepare"].map { "\(attempts)/\($0).c" }
        return try Probe("hostile", options: ["-I\(attempts)", "-I\(attempts)/include"] + sources)
    }

    /// The first number of a line of /proc/PID/status.
    private static func number(_ field: String, of process: String) throws -> UInt32 {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(field) })
        return try #require(UInt32(line.split(separator: "\t")[1]))
    }

    /// Another process of the worker's user.
    private static func neighbour(of worker: String) throws -> ChildProcess {
        let (user, group) = (try number("Uid:", of: worker), try number("Gid:", of: worker))
        let asUser = geteuid() == 0 ? ["--reuid=\(user)", "--regid=\(group)", "--clear-groups"] : []
        return try ChildProcess("/usr/bin/setpriv", asUser + ["--pdeathsig=KILL", "/bin/sleep", "600"])
    }

    /// What lies around the worker: nothing of it is kept from it by its rights alone, but for the gateway's own data.
    private enum World {
        static func prepare(_ gateway: GatewayUnderTest) throws {
            chmod(gateway.folder.path, 0o777)
            for name in ["open", "granted", "removable"] {
                try "content".write(toFile: "\(gateway.folder.path)/\(name)", atomically: false, encoding: .utf8)
                chmod("\(gateway.folder.path)/\(name)", 0o666)
            }
        }

        static func settings(_ gateway: GatewayUnderTest) -> String {
            let folder = gateway.folder.path
            return """
                {granted: \(folder)/granted, folder: \(folder), open: \(folder)/open, secret: \(gateway.data)/queue.db, \
                state: \(gateway.data)/state.db, socket: \(gateway.control), port: \(gateway.port)}
                """
        }

        /// A link out of the worker's temporary folder.
        static func plant(_ gateway: GatewayUnderTest, _ worker: String) throws {
            #expect(FileManager.default.fileExists(atPath: gateway.data + "/state.db"))
            let user = try number("Uid:", of: worker)
            let prefix = "postern-worker-\(gateway.pid ?? 0)-"
            for name in try FileManager.default.contentsOfDirectory(atPath: "/tmp") where name.hasPrefix(prefix) {
                let owner = try FileManager.default.attributesOfItem(atPath: "/tmp/" + name)[.ownerAccountID] as? NSNumber
                guard owner?.uint32Value == user else { continue }
                try FileManager.default.createSymbolicLink(
                    atPath: "/tmp/\(name)/outside", withDestinationPath: gateway.folder.path + "/open")
                return
            }
            Issue.record("the worker has no temporary folder")
        }
    }
}
