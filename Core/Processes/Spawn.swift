import CLinux
import Glibc

/// posix_spawn(3): a child with an empty signal mask, default actions and only the descriptors that it is given. Any thread.
public enum Spawn {
    public struct Options: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// SIGPIPE stays as it is here: ignored. Default actions for all would bring it back.
        public static let keepsSIGPIPE = Options(rawValue: 1)
        /// A process group of its own: a terminal's Ctrl-C is not for it.
        public static let ownGroup = Options(rawValue: 2)
        /// Nothing else of ours: stdin is /dev/null, and what lies above the highest descriptor is closed.
        public static let closesOthers = Options(rawValue: 4)
    }

    /// - Parameters:
    ///   - arguments: the first is the program's name.
    ///   - descriptors: child's number -> ours. What is not here and does not close on exec is inherited.
    ///   - environment: `NAME=value` lines, all that it gets.
    /// - Returns: the pid, or what went wrong.
    public static func start(
        _ path: String, _ arguments: [String], descriptors: [Int32: Int32], environment: [String], _ options: Options = []
    ) -> Result<pid_t, Failure> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        if options.contains(.closesOthers) { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        // First out of each other's way, then to their places.
        let places = descriptors.sorted { $0.key < $1.key }
        let top = places.last?.key ?? 2
        let high = max(descriptors.values.max() ?? 0, top, 2) + 1
        for (i, place) in places.enumerated() { posix_spawn_file_actions_adddup2(&actions, place.value, high + Int32(i)) }
        for (i, place) in places.enumerated() { posix_spawn_file_actions_adddup2(&actions, high + Int32(i), place.key) }
        for i in places.indices { posix_spawn_file_actions_addclose(&actions, high + Int32(i)) }
        if options.contains(.closesOthers) { posix_spawn_file_actions_addclosefrom_np(&actions, max(top, 2) + 1) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        if options.contains(.keepsSIGPIPE) { sigdelset(&all, SIGPIPE) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = options.contains(.ownGroup) ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
        var argv = arguments.map { strdup($0) } + [nil]
        var environment = environment.map { strdup($0) } + [nil]
        defer { for text in argv + environment { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, path, &actions, &attributes, &argv, &environment)
        return code == 0 ? .success(pid) : .failure(Failure(text: "\(path): \(String(cString: strerror(code)))"))
    }

    public struct Failure: Error { public var text: String }

    /// Ours with these changes, as `NAME=value` lines; nil takes one away.
    public static func environment(_ changes: [String: String?]) -> [String] {
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
