import Mail
import NIOCore
import Synchronization

/// What all sessions of a server share. Any thread.
final class SessionServices: Sendable {
    let policy: any PolicySource
    let inspectors: any SessionInspectorFactory
    let log: any MailLog
    let clock: any WallClock
    let spool: (any BodySpool)?
    let registry = SessionRegistry()
    let budget = ByteBudget()
    let sessionRates = ClientRates()
    let messageRates = ClientRates()
    let recipientRates = ClientRates()
    let metrics = ReceiveMetrics()
    let isStopping = Atomic<Bool>(false)
    private let timers = Mutex<[ObjectIdentifier: SessionTimers]>([:])
    private let lastSession = Atomic<UInt64>(0)

    init(
        policy: any PolicySource, inspectors: any SessionInspectorFactory, log: any MailLog, clock: any WallClock,
        spool: (any BodySpool)? = nil
    ) {
        self.policy = policy
        self.inspectors = inspectors
        self.log = log
        self.clock = clock
        self.spool = spool
    }

    func nextSessionID() -> UInt64 { lastSession.add(1, ordering: .relaxed).newValue }

    /// Those of all sessions on that loop.
    func timers(on loop: any EventLoop) -> SessionTimers {
        timers.withLock { timers in
            if let known = timers[ObjectIdentifier(loop)] { return known }
            let made = SessionTimers(on: loop)
            timers[ObjectIdentifier(loop)] = made
            return made
        }
    }
}
