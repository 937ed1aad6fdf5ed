import Glibc
import Mail
import Processes

/// The process that keeps a gateway running: starts it as its child, starts it again when it dies, keeps its listening sockets open
/// meanwhile, and puts another in its place when it is asked to.
///
/// Bound to the process's first thread: everything happens in one loop around poll(2). It reads no settings and no byte of a peer.
public final class Supervisor {
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGCHLD]
    private static let mostSockets = 256
    /// A gateway that traps writes where, before it is gone: the frames of one thread as addresses, with the images to look them up in.
    /// Symbols would take seconds (7 s for an unoptimised build, instead of 0.2 s), in which nobody takes mail.
    private static let backtrace = "threads=crashed,registers=none,images=mentioned,symbolicate=off,interactive=no,color=no"

    private let arguments: [String]
    private let checks: [[String]]
    private let path: String
    private var machine = SupervisorMachine()
    private var sockets: [String: Int32] = [:]
    private var gateway: pid_t = -1
    private var channel: PacketSocket?
    private var trial: Trial?
    private var startDue: Int64?
    private var death: (pid: pid_t, exit: ChildExit)?

    /// - Parameters:
    ///   - arguments: of the child.
    ///   - checks: commands that a program which is to take over must end well; the first says its version.
    public init(arguments: [String], checks: [[String]]) {
        self.arguments = arguments
        self.checks = checks
        if let inherited = Self.inheritedState() {
            path = inherited.path
            gateway = inherited.gateway
            channel = PacketSocket(descriptor: inherited.channel)
            sockets = inherited.sockets
            for descriptor in [inherited.channel] + sockets.values { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            resumedVersion = inherited.version
        } else {
            path = ProgramPath.current()
            resumedVersion = nil
        }
    }

    private let resumedVersion: String?

    /// Until the gateway is stopped for good; the process's exit status. Call on the first thread.
    public func run() -> Int32 {
        guard let signals = SignalPipe.open(Self.signals) else {
            say("no pipe: \(String(cString: strerror(errno)))")
            return 71
        }
        if let resumedVersion {
            say("this is \(resumedVersion) now, in the place of the supervisor before")
            carryOut(machine.resumed(resumedVersion))
            reap()
        } else {
            carryOut(machine.begin(now: now))
        }
        while exitStatus == nil { turn(signals) }
        return exitStatus!
    }

    private var exitStatus: Int32?

    private func turn(_ signals: Int32) {
        var waits = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        waits.append(pollfd(fd: channel?.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
        waits.append(pollfd(fd: trial?.output ?? -1, events: Int16(POLLIN), revents: 0))
        let due = [startDue, trial?.deadline].compactMap(\.self).min()
        let timeout = due.map { Int32(clamping: max(0, $0 - now)) } ?? -1
        _ = poll(&waits, nfds_t(waits.count), timeout)

        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(signals, &bytes, bytes.count)
        // In their order: a stop that came before the gateway's end is no end to mend.
        for number in bytes.prefix(max(0, count)) { heard(Int32(number)) }
        if waits[1].revents != 0 { listen() }
        if waits[2].revents != 0 { trial?.read() }
        if let startDue, now >= startDue {
            self.startDue = nil
            carryOut(machine.waited(now: now))
        }
        if let trial, now >= trial.deadline {
            trial.abandon()
            self.trial = nil
            carryOut(machine.tried(version: "", problem: "its trial took longer than \(Trial.patience / 1000) s"))
        }
    }

    private func heard(_ signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT: carryOut(machine.stop())
        case SIGHUP: if machine.hearsHangUp { kill(gateway, SIGHUP) }
        default: reap()
        }
    }

    /// Every child that has ended. As a container's first process we inherit others' children too.
    private func reap() {
        var status: Int32 = 0
        while true {
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            let exit = ChildExit(waitStatus: status)
            if pid == gateway {
                // What it said last: sockets that it opened.
                listen()
                channel?.close()
                channel = nil
                gateway = -1
                death = (pid, exit)
                carryOut(machine.ended(exit, now: now))
            } else if pid == trial?.pid {
                step(trial!.ended(exit))
            }
        }
    }

    /// Everything that the gateway has said.
    private func listen() {
        while let channel {
            switch channel.receive(waiting: false) {
            case .nothing, .end: return
            case .packet(let message, let passed): heard(message, passed)
            }
        }
    }

    private func heard(_ message: SupervisorMessage?, _ passed: Int32?) {
        switch message {
        case .keep(let name):
            guard let passed else { return }
            if let before = sockets[name] { close(before) }
            if sockets.count < Self.mostSockets || sockets[name] != nil { return sockets[name] = passed }
        case .drop(let name): if let dropped = sockets.removeValue(forKey: name) { close(dropped) }
        case .ready: machine.becameReady()
        case .ask(let replacement): carryOut(machine.asked(for: replacement))
        default: break
        }
        if let passed { close(passed) }
    }

    private func carryOut(_ actions: [SupervisorMachine.Action]) {
        for action in actions {
            switch action {
            case .start: start()
            case .startAfter(let wait): startDue = now + wait
            case .terminate: if gateway > 0 { kill(gateway, SIGTERM) }
            case .closeSockets:
                for descriptor in sockets.values { close(descriptor) }
                sockets = [:]
            case .tryOut(let replacement):
                let made = Trial(replacement == .upgrade ? path : "/proc/self/exe", checks, now: now)
                trial = made
                step(made.start())
            case .accept(let text): _ = channel?.send(.accepted(text))
            case .refuse(let text): _ = channel?.send(.refused(text))
            case .execute(let version): execute(version)
            case .say(let text): say(text)
            case .exit(let status):
                trial?.abandon()
                exitStatus = status
            }
        }
    }

    private func step(_ step: Trial.Step) {
        guard case .over(let version, let problem) = step else { return }
        trial = nil
        carryOut(machine.tried(version: version, problem: problem))
    }

    private func start() {
        guard let (ours, theirs) = PacketSocket.pair() else { return failedToStart("no socket pair: \(String(cString: strerror(errno)))") }
        defer { theirs.close() }
        let child = SupervisorLink.descriptor
        var variables: [String: String?] = [SupervisorLink.variable: "\(getpid())", SupervisorState.variable: nil]
        if getenv("SWIFT_BACKTRACE") == nil { variables["SWIFT_BACKTRACE"] = Self.backtrace }
        let started = Spawn.start(
            "/proc/self/exe", arguments, descriptors: [child: theirs.descriptor], environment: Spawn.environment(variables),
            .keepsSIGPIPE)
        switch started {
        case .failure(let failure):
            ours.close()
            failedToStart("cannot start \(failure.text)")
        case .success(let pid):
            gateway = pid
            channel = ours
            for (name, descriptor) in sockets { ours.send(.kept(name), with: descriptor) }
            if let death { ours.send(.death(pid: death.pid, death.exit)) }
            ours.send(.begin)
        }
    }

    private func failedToStart(_ problem: String) {
        say(problem)
        carryOut(machine.ended(.exited(71), now: now))
    }

    /// Becomes the program on the disk, same pid, same children. Returns only when that fails.
    private func execute(_ version: String) {
        guard let channel else { return }
        SignalPipe.block(Self.signals)
        let passed = [channel.descriptor] + sockets.values
        for descriptor in passed { _ = fcntl(descriptor, F_SETFD, 0) }
        let state = SupervisorState(gateway: gateway, channel: channel.descriptor, version: version, path: path, sockets: sockets)
        var argv = CommandLine.arguments.map { strdup($0) } + [nil]
        var environment = Spawn.environment([SupervisorState.variable: state.text]).map { strdup($0) } + [nil]
        execve(path, &argv, &environment)
        let problem = "\(path): \(String(cString: strerror(errno)))"
        for text in argv + environment { free(text) }
        for descriptor in passed { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        SignalPipe.unblock(Self.signals)
        carryOut(machine.couldNotExecute(problem))
    }

    private static func inheritedState() -> SupervisorState? {
        guard let text = getenv(SupervisorState.variable) else { return nil }
        defer { unsetenv(SupervisorState.variable) }
        guard let state = SupervisorState(String(cString: text)) else { return nil }
        // A variable that somebody left: not our child.
        return fcntl(state.channel, F_GETFD) >= 0 ? state : nil
    }

    private var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// To stderr, as the gateway's own lines.
    private func say(_ text: String) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let stamp = CivilTime(Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000)).rfc3339
        // One line, whatever a failed command said.
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " | ")
        let bytes = Array("\(stamp) error postern-supervisor: \(line)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
