import Foundation
import GatewayTestKit
import Testing

/// Runs SandboxProbe, a program of its own: the sandbox cannot be left again.
struct ProbeRun {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Root of a user namespace that has no other user can do nothing that is tested here; it starts the probe as an ordinary user instead.
    static let isRoot = geteuid() == 0 && !isAloneInNamespace
    private static let isAloneInNamespace: Bool = {
        let map = (try? String(contentsOfFile: "/proc/self/uid_map", encoding: .utf8)) ?? ""
        return map.split(separator: "\n").allSatisfy { (Int($0.split(separator: " ").last ?? "") ?? 0) < 65_536 }
    }()
    /// What an empty root needs.
    static let mayMount = isRoot && capabilities & 1 << 21 != 0
    /// The version, 0 for none. Asked once.
    static let landlock: Int = {
        let report = (try? ProbeRun().enter("kernel", isRoot ? ["user=61236"] : ["modes=yes"])) ?? ""
        let words = report.split { $0 == " " || $0 == "," }
        return words.firstIndex(of: "landlock").flatMap { Int(words[$0 + 1]) } ?? 0
    }()
    static let hasLandlock = landlock > 0

    static let hostile = ["sockets", "processes", "files", "memory", "kernel"]

    /// Of the attempts, in order.
    struct Verdict: Equatable {
        let name: String
        let verdict: String
        var isPossible: Bool { verdict == "possible" }
    }

    /// As whom the probe starts; nil: as we are.
    var user: UInt32?

    /// What is possible within `layers`; `landlock`: a version, 0 for none.
    func attempts(_ groups: [String], layers: String, landlock: Int) throws -> [Verdict] {
        let output = try run { folder in [folder, layers, "\(landlock)"] + groups }.output
        let lines = output.split(separator: "\n").map { $0.split(separator: "\t", maxSplits: 1).map(String.init) }
        for line in lines where line.count != 2 { throw Failure(description: line.joined()) }
        if lines.isEmpty { throw Failure(description: "the probe said nothing") }
        return lines.map { Verdict(name: $0[1], verdict: $0[0]) }
    }

    /// The report, or what was refused. `words`: "%" stands for the folder.
    func enter(_ landlock: String, _ words: [String]) throws -> String {
        try run { folder in ["--enter", landlock] + words.map { $0.replacingOccurrences(of: "%", with: folder) } }.output
    }

    private func run(_ arguments: (String) -> [String]) throws -> (output: String, code: Int) {
        let folder = FileManager.default.temporaryDirectory.path + "/sandbox-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/library", withIntermediateDirectories: true)
        // The tree may lie where another user cannot go.
        try FileManager.default.copyItem(atPath: Self.folderOfTests + "/SandboxProbe", toPath: folder + "/probe")
        try FileManager.default.copyItem(atPath: Self.library, toPath: folder + "/library/answer.so")
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder + "/library/answer.so")
        var command = [folder + "/probe"] + arguments(folder)
        if let user {
            chown(folder, user, user)
            chown(folder + "/library", user, user)
            command = ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"] + command
        } else if geteuid() == 0, !Self.isRoot {
            command = ["/usr/bin/unshare", "-U", "--map-user=1000", "--map-group=1000", "--"] + command
        } else {
            // The library's folder is the gateway's alone.
            chmod(folder + "/library", 0o700)
        }
        let child = try ChildProcess(
            command[0], Array(command.dropFirst()), output: folder + "/output", errors: folder + "/errors")
        defer { child.stop() }
        guard let code = child.wait(seconds: 300) else { throw Failure(description: "the probe does not end") }
        let output = try String(contentsOfFile: folder + "/output", encoding: .utf8)
        if code != 0, output.isEmpty {
            throw Failure(
                description: "the probe ended with \(code): " + ((try? String(contentsOfFile: folder + "/errors", encoding: .utf8)) ?? ""))
        }
        return (output, code)
    }

    /// A library with one function, built once.
    private static let library: String = {
        let path = FileManager.default.temporaryDirectory.path + "/sandbox-answer-\(getpid())"
        try? "int answer(void) { return 42; }\n".write(toFile: path + ".c", atomically: true, encoding: .utf8)
        let compiler = try? ChildProcess("/usr/bin/gcc", ["-shared", "-fPIC", "-o", path + ".so", path + ".c"])
        _ = compiler?.wait(seconds: 120)
        return path + ".so"
    }()

    /// Where the tests were built to, and the probe beside them.
    private static let folderOfTests: String = {
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        let line = maps.split(separator: "\n").first { $0.hasSuffix(".xctest") || $0.contains("PackageTests") } ?? ""
        guard let start = line.firstIndex(of: "/") else { return "" }
        return String(line[start...].prefix(upTo: line.lastIndex(of: "/") ?? line.endIndex))
    }()

    private static let capabilities: UInt64 = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
        return UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0
    }()
}
