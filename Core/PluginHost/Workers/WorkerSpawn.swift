import CWorkerLink
import Glibc
import WorkerLink

/// posix_spawn(3) of a worker: an empty environment, default signals, and only the descriptors that it is given, from 3 on.
enum WorkerSpawn {
    static func start(_ path: String, output: Int32, descriptors: [Int32]) throws(LinkFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // First out of each other's way, then to their places.
        let high = max(descriptors.max() ?? 0, output, 16) + 1
        for (i, descriptor) in descriptors.enumerated() { posix_spawn_file_actions_adddup2(&actions, descriptor, high + Int32(i)) }
        for i in descriptors.indices { posix_spawn_file_actions_adddup2(&actions, high + Int32(i), 3 + Int32(i)) }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3 + Int32(descriptors.count))
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: a terminal's Ctrl-C is the gateway's business.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var argv: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("LANG=C.UTF-8"), strdup("SWIFT_BACKTRACE=enable=no"), nil]
        defer { for text in argv + environment { free(text) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, path, &actions, &attributes, &argv, &environment)
        guard code == 0 else { throw LinkFailure("\(path) cannot be started: \(String(cString: strerror(code)))") }
        return pid
    }

    /// `signal 11 (Segmentation fault)`, `exit status 3`.
    static func words(of status: Int32) -> String {
        let signal = status & 0x7F
        if signal == 0 { return "exit status \((status >> 8) & 0xFF)" }
        return "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
}
