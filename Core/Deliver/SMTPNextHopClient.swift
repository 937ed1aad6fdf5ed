import Mail
import NIOCore
import NIOPosix
import SMTP
import Synchronization

/// Delivers messages to next hops over SMTP, keeping connections for the next message. Any thread; completions come on an event loop, or
/// before `deliver` returns when nothing could be tried.
public final class SMTPNextHopClient: NextHopClient {
    let group: any EventLoopGroup
    let resolver: any Mail.Resolver
    let policy: @Sendable () -> QueuePolicy
    let hostname: @Sendable () -> String
    let isOurs: @Sendable (String) -> Bool
    let pool = ConnectionPool()
    let health = ServerHealth()
    let contexts: TLSContexts
    /// Of MX hosts: 25, but for tests.
    let mxPort: Int
    /// MX hosts may have addresses of this machine: for tests.
    let allowsLoopback: Bool
    /// How connections are made: for tests.
    let connect: @Sendable (ClientBootstrap, SocketAddress) -> EventLoopFuture<any Channel>
    let judge: JudgeRoute
    let judgePeer: JudgePeer
    private let rotation = Atomic<Int>(0)

    /// `policy` and `hostname` (ours, for EHLO) are asked for each connection and wait, so that a reload is in force at once: they must be
    /// cheap. `isOurs`: we take the mail of this domain (in lower case), so its MX may well be us. `trustRootsFile` names PEM certificates that
    /// `tls: verify` trusts; nil: the system's. `group` is the caller's to shut down.
    public convenience init(
        group: any EventLoopGroup, resolver: any Mail.Resolver, trustRootsFile: String? = nil,
        policy: @escaping @Sendable () -> QueuePolicy,
        hostname: @escaping @Sendable () -> String, isOurs: @escaping @Sendable (String) -> Bool = { _ in false },
        judge: @escaping JudgeRoute = { $1(.go([])) }, judgePeer: @escaping JudgePeer = { $3(.go(policy: 0)) }
    ) {
        self.init(
            group: group, resolver: resolver, trustRootsFile: trustRootsFile, policy: policy, hostname: hostname, isOurs: isOurs,
            mxPort: 25, allowsLoopback: false, judge: judge, judgePeer: judgePeer)
    }

    init(
        group: any EventLoopGroup, resolver: any Mail.Resolver, trustRootsFile: String?, policy: @escaping @Sendable () -> QueuePolicy,
        hostname: @escaping @Sendable () -> String, isOurs: @escaping @Sendable (String) -> Bool, mxPort: Int, allowsLoopback: Bool,
        judge: @escaping JudgeRoute = { $1(.go([])) }, judgePeer: @escaping JudgePeer = { $3(.go(policy: 0)) },
        connect: @escaping @Sendable (ClientBootstrap, SocketAddress) -> EventLoopFuture<any Channel> = { $0.connect(to: $1) }
    ) {
        self.group = group
        self.resolver = resolver
        self.policy = policy
        self.hostname = hostname
        self.isOurs = isOurs
        self.mxPort = mxPort
        self.allowsLoopback = allowsLoopback
        self.connect = connect
        self.judge = judge
        self.judgePeer = judgePeer
        contexts = TLSContexts(trustRootsFile: trustRootsFile)
    }

    public func deliver(_ job: DeliveryJob, completion: @escaping @Sendable (DeliveryReport) -> Void) {
        begin(job, isCallout: false, completion)
    }

    /// Asks for the recipients only; who is accepted counts as delivered. No message is sent.
    func callOut(_ job: DeliveryJob, completion: @escaping @Sendable (DeliveryReport) -> Void) {
        begin(job, isCallout: true, completion)
    }

    private func begin(_ job: DeliveryJob, isCallout: Bool, _ completion: @escaping @Sendable (DeliveryReport) -> Void) {
        guard pool.beginJob() else {
            let outcome = DeliveryOutcome.deferred(DeliveryFailure(detail: "shutting down", isNextHopsFault: true))
            return completion(DeliveryReport(outcomes: job.recipients.map { _ in outcome }, nextHop: "none"))
        }
        let turn = rotation.wrappingAdd(1, ordering: .relaxed).oldValue & Int.max
        DeliveryAttempt(job, client: self, rotation: turn, isCallout: isCallout, completion: completion).start()
    }

    /// Open connections to next hops, idle ones included.
    public var openConnections: Int { pool.openCount }

    /// Takes no more jobs, says QUIT to idle next hops and lets what runs finish within `grace`; then cuts it off, which defers it. Returns
    /// when no job runs. Once.
    public func shutdown(within grace: Duration) async {
        let loop = group.next()
        let drained = loop.makePromise(of: Void.self)
        for idle in pool.close(drained: { drained.succeed() }) { idle.loop.execute { idle.quit() } }
        let cut = loop.scheduleTask(in: TimeAmount(grace)) { [pool] in
            for connection in pool.closeAll() { connection.loop.execute { connection.abort("shutting down") } }
        }
        try? await drained.futureResult.get()
        cut.cancel()
    }
}
