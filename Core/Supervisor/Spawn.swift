import Glibc

/// posix_spawn(3): a child with an empty signal mask, default actions and only the descriptors that it is given.
enum Spawn {
    /// - Parameters:
    ///   - descriptors: child's number -> ours, beside stdin, stdout and stderr; ours close on exec.
    ///   - variables: added to our environment; nil takes one away.
    /// - Returns: the pid, or what went wrong.
    static func start(_ path: String, _ arguments: [String], descriptors: [Int32: Int32], variables: [String: String?]) -> Result<
        pid_t, Failure
    > {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (child, ours) in descriptors.sorted(by: { $0.key < $1.key }) { posix_spawn_file_actions_adddup2(&actions, ours, child) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        // SIGPIPE stays ignored: a sigset of default actions would bring it back.
        sigdelset(&all, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = arguments.map { strdup($0) } + [nil]
        var environment = Self.environment(variables).map { strdup($0) } + [nil]
        defer { for text in argv + environment { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, path, &actions, &attributes, &argv, &environment)
        return code == 0 ? .success(pid) : .failure(Failure(text: "\(path): \(String(cString: strerror(code)))"))
    }

    struct Failure: Error { var text: String }

    /// `NAME=value` lines.
    static func environment(_ changes: [String: String?]) -> [String] {
        var lines: [String] = []
        var at = environ
        while let line = at.pointee {
            let text = String(cString: line)
            if changes[String(text.prefix { $0 != "=" })] == nil { lines.append(text) }
            at += 1
        }
        for (name, value) in changes { if let value { lines.append("\(name)=\(value)") } }
        return lines
    }
}
