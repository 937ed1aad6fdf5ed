import Glibc
import Processes

/// Runs a program's harmless commands one after the other, to find out whether it can take over: does it start, does it take the
/// configuration? Bound to the supervisor's thread, which waits for it with poll(2) and waitpid(2).
final class Trial {
    enum Step {
        case goesOn
        /// `problem`: nil when all commands ended well.
        case over(version: String, problem: String?)
    }

    static let patience: Int64 = 60_000
    private static let mostOutput = 64 * 1024

    private let program: String
    private var commands: [[String]]
    private var running: [String] = []
    private(set) var pid: pid_t = -1
    /// What the command says; -1: no command runs.
    private(set) var output: Int32 = -1
    private var said: [UInt8] = []
    private var version = ""
    let deadline: Int64

    /// The first of `commands` says the version.
    init(_ program: String, _ commands: [[String]], now: Int64) {
        self.program = program
        self.commands = commands
        deadline = now + Self.patience
    }

    func start() -> Step {
        guard !commands.isEmpty else { return .over(version: version, problem: nil) }
        running = commands.removeFirst()
        said = []
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .over(version: "", problem: "no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[1]) }
        switch Spawn.start(
            program, ["postern"] + running, descriptors: [1: ends[1], 2: ends[1]], environment: Spawn.environment([:]), .keepsSIGPIPE)
        {
        case .success(let started):
            pid = started
            output = ends[0]
            return .goesOn
        case .failure(let failure):
            close(ends[0])
            return .over(version: "", problem: "cannot start \(failure.text)")
        }
    }

    func read() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while output >= 0 {
            let count = Glibc.read(output, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return }
            if count == 0 {
                close(output)
                output = -1
                return
            }
            said += bytes.prefix(min(count, max(0, Self.mostOutput - said.count)))
        }
    }

    /// The command has ended.
    func ended(_ exit: ChildExit) -> Step {
        read()
        stopReading()
        pid = -1
        let text = String(decoding: said, as: UTF8.self)
        guard exit == .exited(0) else {
            let command = (["postern"] + running).joined(separator: " ")
            return .over(version: "", problem: "`\(command)` of \(program) ended with \(exit): \(text.prefix(2000))")
        }
        if version.isEmpty {
            version = text.split(separator: "\n").first.map(String.init) ?? ""
            if version.isEmpty { return .over(version: "", problem: "\(program) does not say its version") }
        }
        return start()
    }

    /// Ends what runs.
    func abandon() {
        stopReading()
        if pid > 0 { kill(pid, SIGKILL) }
    }

    private func stopReading() {
        if output >= 0 { close(output) }
        output = -1
    }
}
