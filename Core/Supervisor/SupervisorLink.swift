import Glibc
import Mail
import Processes
import Synchronization

/// The gateway's end of the channel to its supervisor. Any thread.
///
/// When the supervisor is gone the gateway stops as by SIGTERM: nobody would start it again, nor know that it runs.
public final class SupervisorLink: ListeningSockets {
    /// How the gateway before this one ended.
    public struct Death: Hashable, Sendable {
        public let pid: Int32
        public let exit: ChildExit
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case noSupervisor
        /// Why there is no replacement.
        case refused(String)

        public var description: String {
            switch self {
            case .noSupervisor: "the option --supervised is for the supervisor's own use: start `postern run` without it"
            case .refused(let text): text
            }
        }
    }

    static let descriptor: Int32 = 3
    static let variable = "POSTERN_SUPERVISOR"

    public let supervisor: Int32
    public let death: Death?
    private let channel = PacketSocket(descriptor: SupervisorLink.descriptor)
    private let kept: Mutex<[String: Int32]>
    private let asking = Mutex<[CheckedContinuation<Result<String, Failure>, Never>]>([])

    /// Waits until the supervisor has handed everything over. Throws when there is no supervisor.
    public init() throws(Failure) {
        guard let text = getenv(Self.variable), let pid = Int32(String(cString: text)), pid > 0, fcntl(Self.descriptor, F_GETFD) >= 0 else {
            throw .noSupervisor
        }
        unsetenv(Self.variable)
        _ = fcntl(Self.descriptor, F_SETFD, FD_CLOEXEC)
        supervisor = pid
        var sockets: [String: Int32] = [:]
        var death: Death?
        loop: while true {
            switch channel.receive(waiting: true) {
            case .packet(.kept(let name), .some(let descriptor)): sockets[name] = descriptor
            case .packet(.death(let pid, let exit), _): death = Death(pid: pid, exit: exit)
            case .packet(.begin, _): break loop
            case .packet(_, let descriptor): if let descriptor { close(descriptor) }
            case .nothing, .end: throw .noSupervisor
            }
        }
        self.death = death
        kept = Mutex(sockets)
    }

    /// Reads what the supervisor says, on a thread of its own. Once.
    public func listen() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<SupervisorLink>.fromOpaque(context!).takeRetainedValue().readAnswers()
                return nil
            }, context)
        pthread_detach(thread)
    }

    private func readAnswers() {
        while true {
            switch channel.receive(waiting: true) {
            case .packet(.accepted(let text), _): answer(.success(text))
            case .packet(.refused(let text), _): answer(.failure(.refused(text)))
            case .packet(_, let descriptor): if let descriptor { close(descriptor) }
            case .nothing: continue
            case .end:
                answer(.failure(.refused("the supervisor is gone")))
                kill(getpid(), SIGTERM)
                return
            }
        }
    }

    private func answer(_ result: Result<String, Failure>) {
        let first = asking.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        first?.resume(returning: result)
    }

    // MARK: ListeningSockets

    public func take(_ name: String) -> Int32? { kept.withLock { $0.removeValue(forKey: name) } }

    public func keep(_ name: String, _ descriptor: Int32) { channel.send(.keep(name), with: descriptor) }

    // MARK: What the gateway says

    /// It takes mail: sockets that nobody took belong to listeners that are not configured any more.
    public func isReady() {
        let left = kept.withLock { kept in
            defer { kept = [:] }
            return kept
        }
        for (name, descriptor) in left {
            close(descriptor)
            channel.send(.drop(name))
        }
        channel.send(.ready)
    }

    /// The version that takes over as soon as this gateway has stopped; the stop follows at once.
    public func ask(for replacement: Replacement) async -> Result<String, Failure> {
        await withCheckedContinuation { asked in
            // Under the lock: answers come in the order of the questions.
            let isSent = asking.withLock { asking in
                guard channel.send(.ask(replacement)) else { return false }
                asking.append(asked)
                return true
            }
            if !isSent { asked.resume(returning: .failure(.refused("the supervisor is gone"))) }
        }
    }
}
