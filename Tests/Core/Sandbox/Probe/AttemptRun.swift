import Glibc
import Sandbox
import SandboxAttempts

/// One set of layers, and what is still possible within it.
enum AttemptRun {
    /// What the function that C calls in the child needs.
    nonisolated(unsafe) private static var grants = Grants()
    nonisolated(unsafe) private static var layers: Layers = .all
    nonisolated(unsafe) private static var landlock: Landlock?

    /// Nobody's: the limit of threads counts what else runs under a user.
    static let user = UInt32(50_000 + getpid() % 10_000)

    private static let names: [(String, Layers)] = [
        ("descriptors", .descriptors), ("user", .user), ("limits", .limits), ("files", .files), ("calls", .systemCalls),
        ("network", .network),
    ]

    static func layers(_ text: String) -> Layers {
        if text == "all" { return .all }
        return names.reduce(into: Layers()) { layers, name in
            if text.split(separator: ",").contains(Substring(name.0)) { layers.formUnion(name.1) }
        }
    }

    /// At most what the kernel has.
    static func landlock(_ text: String) -> Landlock? {
        guard let asked = Int(text), let kernel = Landlock(), asked > 0 else { return nil }
        return Landlock(version: min(asked, kernel.version))
    }

    static func run(folder: String, layers: String, landlock: String, groups: [String]) -> Int32 {
        var world = attempt_world()
        let code = attempt_prepare(&world, folder)
        guard code == 0 else {
            print("the folder cannot be prepared: \(String(cString: strerror(code)))")
            return 2
        }
        self.layers = Self.layers(layers)
        self.landlock = Self.landlock(landlock)
        grants = Grants(
            readable: [String(cString: world.granted)], readableDescriptors: [world.library_file],
            descriptors: [world.shared, world.sealed, world.control], temporary: String(cString: world.temporary), memory: 256 << 20,
            openFiles: 64, temporaryBytes: 1 << 20, threads: 200, user: geteuid() == 0 ? Grants.User(uid: user, gid: user) : nil)
        world.memory = grants.memory
        world.file_bytes = grants.temporaryBytes
        world.open_files = Int32(grants.openFiles)
        // Another process of the worker's user; it ends with this one.
        let asUser = geteuid() == 0 ? ["--reuid=\(user)", "--regid=\(user)", "--clear-groups"] : []
        world.neighbour = spawn("/usr/bin/setpriv", asUser + ["--pdeathsig=KILL", "/bin/sleep", "600"])
        guard world.neighbour > 0 else {
            print("no neighbour")
            return 2
        }
        defer { kill(world.neighbour, SIGKILL) }
        for group in groups {
            guard var attempt = Self.attempts(group) else { return 2 }
            while let name = attempt.pointee.name {
                let verdict = attempt_in_child(attempt, &world, { AttemptRun.enter() })
                print("\(text(verdict))\t\(String(cString: name))")
                attempt += 1
            }
        }
        return 0
    }

    private static func attempts(_ group: String) -> UnsafePointer<attempt>? {
        switch group {
        case "sockets": attempt_list(0)
        case "processes": attempt_list(1)
        case "files": attempt_list(2)
        case "memory": attempt_list(3)
        case "kernel": attempt_list(4)
        case "needed": attempt_list(5)
        default: nil
        }
    }

    private static func enter() -> Int32 {
        do {
            _ = try Sandbox.enter(grants, layers: layers, landlock: landlock)
            return 0
        } catch {
            print(error)
            fflush(nil)
            return -1
        }
    }

    private static func text(_ verdict: Int32) -> String {
        switch verdict {
        case 0: "possible"
        case 2000...: "no sandbox"
        case 1000...: "signal \(verdict - 1000)"
        default: String(cString: attempt_error_name(verdict))
        }
    }

    private static func spawn(_ path: String, _ arguments: [String]) -> pid_t {
        var pid = pid_t()
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        return posix_spawn(&pid, path, nil, nil, &argv, environ) == 0 ? pid : -1
    }
}
