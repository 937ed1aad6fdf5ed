/// A program started by a test: in a process group of its own, with no signal blocked, ended by its pid.
///
/// Foundation's Process hands a worker thread's blocked signals on to the child, which then never hears SIGTERM.
import Glibc
import Synchronization

public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    public let pid: pid_t
    /// nil while it runs; then as `waitpid` gives it.
    private let status = Mutex<Int32?>(nil)

    /// `directory`: where it runs, nil: here. `output`: a file that takes its stdout, and its stderr unless `errors` names another; nil:
    /// nowhere. `input`: a file to read, nil: nothing.
    public init(
        _ path: String, _ arguments: [String], directory: String? = nil, input: String? = nil, output: String? = nil, errors: String? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // Another test's listening socket would stay open in the child after that test has closed it.
        closeFrom(&actions, 3)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var pid = pid_t()
        // exec: the shell's pid becomes the program's.
        let command = directory.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0, path] } ?? [path]
        var argv = (command + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        let code = posix_spawn(&pid, command[0], &actions, &attributes, &argv, environ)
        guard code == 0 else { throw Failure("\(path): \(String(cString: strerror(code)))") }
        self.pid = pid
    }

    deinit { stop() }

    public var isRunning: Bool { exitStatus == nil }

    /// nil while it runs; else its exit code, or the negative signal that ended it.
    public var exitStatus: Int? {
        status.withLock { status in
            if status == nil {
                var now: Int32 = 0
                if waitpid(pid, &now, WNOHANG) == pid { status = now }
            }
            return status.map { $0 & 0x7F == 0 ? Int($0 >> 8 & 0xFF) : -Int($0 & 0x7F) }
        }
    }

    /// Waits for its end, at most about `seconds`; nil: it runs on.
    public func wait(seconds: Int) -> Int? {
        for _ in 0..<(seconds * 200) {
            if let status = exitStatus { return status }
            usleep(5_000)
        }
        return exitStatus
    }

    /// SIGTERM, and SIGKILL to its whole group when that does not end it.
    public func stop(seconds: Int = 5) {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        if wait(seconds: seconds) != nil { return }
        kill(-pid, SIGKILL)
        _ = wait(seconds: 5)
    }
}

/// glibc 2.34 has it; its header shows it to GNU C only.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
@discardableResult
private func closeFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ from: Int32) -> Int32
