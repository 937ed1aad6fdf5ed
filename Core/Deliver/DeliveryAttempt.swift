import Mail
import NIOCore
import NIOPosix
import SMTP

/// One job on its way: next hop after next hop, address after address, until every recipient has an outcome that is not the server's fault.
/// Servers that are known to be down are left for last, and then only one of them is tried.
final class DeliveryAttempt: @unchecked Sendable {
    // Sendable: one step at a time; each step is started by the end of the one before, on whatever thread that came.
    /// Connections that are tried at most: with dozens of addresses that time out an attempt would take hours.
    static let mostConnects = 20

    private let job: DeliveryJob
    private let client: SMTPNextHopClient
    private let completion: @Sendable (DeliveryReport) -> Void
    private let rotation: Int
    private let began = NIODeadline.now()
    private let size: Int
    private let needsSMTPUTF8: Bool
    private let isCallout: Bool
    private var hasEightBit: Bool?

    /// What filters demand of the way.
    private var requirements: [RouteRequirement] = []
    private var hops: [NextHop] = []
    private var hopIndex = 0
    /// Of the hop, those that are not down. Empty while a connection that was idle is used.
    private var addresses: [ServerAddress] = []
    private var addressIndex = 0
    private var connects = 0
    /// Passed over for the time being.
    private var down: [(hop: NextHop, address: ServerAddress)] = []
    private var isProbing = false

    /// By recipient; those in `remaining` have none, or one that was the next hop's fault.
    private var outcomes: [DeliveryOutcome]
    /// Places in the job's recipients.
    private var remaining: [Int]
    /// Some server could not be asked: that another is not able to take the message is then not the last word.
    private var isUnasked = false
    private var answered: (peer: String, tls: TLSFacts?)?
    private var firstSend: NIODeadline?
    private var isServed = false
    /// A connection failed for want of something of our own.
    private var isUntried = false
    /// Of each server that took the message for somebody: whether it offers DSN, and LMTP.
    private var takers: (offerDSN: Bool, speakLMTP: Bool)?

    /// `isCallout`: each transaction ends after RCPT, and the outcome of an accepted recipient is `delivered`.
    init(
        _ job: DeliveryJob, client: SMTPNextHopClient, rotation: Int, isCallout: Bool = false,
        completion: @escaping @Sendable (DeliveryReport) -> Void
    ) {
        self.job = job
        self.isCallout = isCallout
        self.client = client
        self.rotation = rotation
        self.completion = completion
        size = isCallout ? 0 : MessageWriter.size(addedHeaders: job.addedHeaders, region: job.region)
        needsSMTPUTF8 = job.isSMTPUTF8 && MessageNeeds.smtpUTF8(job)
        let unknown = DeliveryOutcome.deferred(DeliveryFailure(detail: "no next hop", isNextHopsFault: true))
        outcomes = Array(repeating: unknown, count: job.recipients.count)
        remaining = Array(job.recipients.indices)
    }

    func start() {
        guard !job.policyDomain.isEmpty else { return findHops() }
        client.judge(question) { [self] answer in
            switch answer {
            case .go(let found):
                requirements = found
                findHops()
            case .wait(let why): settleAll(.deferred(DeliveryFailure(detail: why)))
            case .refuse(let why): settleAll(.bounced(DeliveryFailure(detail: why)))
            }
        }
    }

    private var question: RouteQuestion {
        switch job.route {
        case .nextHops(let hops):
            RouteQuestion(role: job.role, policyDomain: job.policyDomain, destination: hops.first?.host ?? "", isByMX: false)
        case .mx(let domain, _): RouteQuestion(role: job.role, policyDomain: job.policyDomain, destination: domain, isByMX: true)
        }
    }

    /// For everybody, before any server is asked.
    private func settleAll(_ outcome: DeliveryOutcome) {
        outcomes = outcomes.map { _ in outcome }
        remaining = []
        finish()
    }

    private func take(_ found: [NextHop]) {
        hops = found.compactMap { $0.meeting(requirements) }
        if hops.isEmpty, !found.isEmpty {
            let whose = Set(requirements.map(\.reason)).sorted().joined(separator: ", ")
            let failure = DeliveryFailure(detail: "4.7.5 none of \(found.map(\.host).joined(separator: ", ")) may be used (\(whose))")
            return settleAll(.deferred(failure))
        }
        tryHop()
    }

    private func findHops() {
        switch job.route {
        case .nextHops(let hops):
            take(Self.ordered(hops, rotation: rotation))
        case .mx(let domain, let tls):
            MXHosts.find(domain, us: client.hostname(), isOurs: client.isOurs(domain), resolver: client.resolver) { [self] result in
                switch result {
                case .hosts(let hosts):
                    take(hosts.map { NextHop(host: $0.name, port: client.mxPort, preference: $0.preference, tls: tls) })
                case .none(let outcome):
                    outcomes = outcomes.map { _ in outcome }
                    finish()
                }
            }
        }
    }

    private var isByMX: Bool { if case .mx = job.route { true } else { false } }

    /// By preference; those of equal preference take turns in being the first.
    static func ordered(_ hops: [NextHop], rotation: Int) -> [NextHop] {
        guard hops.count > 1 else { return hops }
        var out: [NextHop] = []
        for preference in Set(hops.map(\.preference)).sorted() {
            let equal = hops.filter { $0.preference == preference }
            let turn = rotation % equal.count
            out += equal[turn...] + equal[..<turn]
        }
        return out
    }

    // MARK: Steps

    private func tryHop() {
        guard hopIndex < hops.count else { return probe() }
        addresses = []
        addressIndex = 0
        if let idle = client.pool.take(ConnectionPool.Key(hops[hopIndex])) {
            let work = work()
            if idle.loop.inEventLoop { idle.start(work) } else { idle.loop.execute { idle.start(work) } }
        } else {
            lookUp()
        }
    }

    private func lookUp() {
        let hop = hops[hopIndex]
        if hop.isUnixSocket { return found([.socket(path: hop.host)]) }
        HostAddresses.find(hop.host, resolver: client.resolver) { [self] result in
            switch result {
            case .success(let addresses):
                let reachable = isByMX && !client.allowsLoopback ? addresses.filter(ReachableAddress.isOne) : addresses
                if let first = addresses.first, reachable.isEmpty {
                    return unable("5.4.4 host \(hop.host) has no address that mail may be sent to, only such as \(first)")
                }
                found(reachable.map { .ip($0, port: hop.port) })
            case .failure(let failure):
                // Of a next hop that the operator named it is rather a mistake that will be mended.
                if failure.isCertain, isByMX { unable("5.4.4 \(failure.text)") } else { failed(failure.text) }
            }
        }
    }

    private func found(_ found: [ServerAddress]) {
        let hop = hops[hopIndex]
        addresses = client.health.ordered(found.filter { !client.health.isDown($0) })
        addressIndex = 0
        down += found.filter { client.health.isDown($0) }.map { (hop, $0) }
        tryAddress()
    }

    private func tryAddress() {
        guard addressIndex < addresses.count else {
            hopIndex += 1
            return tryHop()
        }
        guard connects < Self.mostConnects else {
            isUnasked = true
            return finish()
        }
        connect()
    }

    /// The last step: one of the servers that are known to be down.
    private func probe() {
        guard !isProbing, !remaining.isEmpty, let best = client.health.best(of: down.map(\.address)) else { return finish() }
        isProbing = true
        hops = [down[best].hop]
        hopIndex = 0
        addresses = [down.remove(at: best).address]
        addressIndex = 0
        connect()
    }

    private func connect(avoidsTLS: Bool = false) {
        let hop = hops[hopIndex]
        let address = addresses[addressIndex]
        let peer = address.peer(of: hop.host)
        connects += 1
        let connection = NextHopConnection(
            key: ConnectionPool.Key(hop), address: address, loop: client.group.any(), hostname: client.hostname(),
            avoidsTLS: avoidsTLS || client.health.breaksTLS(address), usesChunking: !client.health.refusesChunking(address),
            pool: client.pool, contexts: client.contexts, policy: client.policy,
            work: work())
        guard client.pool.opened(connection) else {
            failed("connect to \(peer): shutting down", thenNext: false)
            return finish()
        }
        do {
            let bootstrap = ClientBootstrap(group: connection.loop)
                .connectTimeout(TimeAmount(client.policy().connectTimeout))
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(connection) }
                }
            client.connect(bootstrap, try address.resolved()).hop(to: connection.loop).whenComplete { [self] result in
                switch result {
                case .success: client.health.hasRoute(to: address)
                case .failure(let error):
                    guard connection.neverConnected() else { return }
                    neverConnected(to: address, error)
                    failed("connect to \(peer): \(FailureText.of(error))")
                }
            }
        } catch {
            client.pool.closed(connection)
            failed("connect to \(peer): not an address to connect to")
        }
    }

    /// What is learnt of a server from a connection that never came to be.
    private func neverConnected(to address: ServerAddress, _ error: any Error) {
        let isOurs = FailureText.isOurLack(error)
        if isOurs { isUntried = true }
        // Where it is the family's lack, or ours, the server is as well as it ever was.
        if FailureText.isNoRoute(error) { client.health.noRoute(to: address) } else if !isOurs { client.health.failed(address) }
    }

    private func work() -> NextHopConnection.Work {
        let recipients = remaining.map { place in
            let wanted = job.recipients[place]
            var recipient = Recipient(address: wanted.address)
            recipient.notify = wanted.notify
            recipient.originalRecipient = wanted.originalRecipient
            return recipient
        }
        return NextHopConnection.Work(
            transaction: ClientTransaction(
                reversePath: job.reversePath, recipients: recipients, size: size, is8BitMIME: job.is8BitMIME, needsSMTPUTF8: needsSMTPUTF8,
                dsn: job.dsn, endsAfterRecipients: isCallout),
            addedHeaders: job.addedHeaders, region: job.region, hasEightBit: { self.findsEightBit() },
            judge: job.policyDomain.isEmpty ? nil : NextHopConnection.Judge(question: question, ask: client.judgePeer),
            done: { self.ended($0, $1) })
    }

    private func findsEightBit() -> Bool {
        if let hasEightBit { return hasEightBit }
        let found = MessageNeeds.eightBit(job)
        hasEightBit = found
        return found
    }

    // MARK: Ends

    private func ended(_ end: NextHopConnection.End, _ connection: NextHopConnection) {
        switch end {
        case .stale: lookUp()
        case .tlsFailed(let why):
            if hops[hopIndex].tls == .opportunistic {
                client.health.brokeTLS(connection.address)
                return connect(avoidsTLS: true)
            }
            client.health.failed(connection.address)
            failed("TLS with \(connection.peer): \(why)")
        case .chunkingRefused:
            client.health.refusedChunking(connection.address)
            addresses = [connection.address] + addresses.dropFirst(addressIndex + 1)
            addressIndex = 0
            connect()
        case .refused(let outcome):
            answered = (connection.peer, connection.tls)
            client.health.worked(connection.address)
            // It was there: nothing is learnt of how the destination is.
            isServed = true
            let wasIdle = addresses.isEmpty
            record(remaining.map { _ in outcome })
            // A connection that was idle is not all that the host has.
            if wasIdle { lookUp() } else { next() }
        case .finished(let results):
            answered = (connection.peer, connection.tls)
            if firstSend == nil { firstSend = connection.sendBegan }
            if results.contains(where: { if case .delivered = $0 { true } else { false } }) {
                let (dsn, lmtp) = (connection.offersDSN, hops[hopIndex].isLMTP)
                takers = takers.map { ($0.offerDSN && dsn, $0.speakLMTP && lmtp) } ?? (dsn, lmtp)
            }
            if connection.isUnwell {
                client.health.failed(connection.address)
            } else {
                client.health.worked(connection.address)
                isServed = true
            }
            if connection.machine.hasDemandedTLS { client.health.mayDoTLS(connection.address) }
            settle(results)
        }
    }

    private func settle(_ results: [DeliveryOutcome]) {
        let isUnable = record(results)
        // What one address of a host is not able to do, none of them is.
        if remaining.isEmpty { finish() } else { next(isHostDone: isUnable) }
    }

    /// True: the server is not able to take the message for somebody.
    @discardableResult
    private func record(_ results: [DeliveryOutcome]) -> Bool {
        var left: [Int] = []
        var isUnable = false
        for (place, outcome) in zip(remaining, results) {
            switch outcome {
            case .deferred(let failure) where failure.isNextHopsFault:
                isUnasked = true
                if failure.reply != nil || !isRefused(place) { outcomes[place] = outcome }
                left.append(place)
            case .bounced(let failure) where failure.isNextHopsFault:
                isUnable = true
                if failure.reply == nil ? !isUnasked : !mayBeTaken(place) { outcomes[place] = outcome }
                left.append(place)
            default: outcomes[place] = outcome
            }
        }
        remaining = left
        return isUnable
    }

    /// A server refused it for good, and another may not: that stands when the others say nothing.
    private func isRefused(_ place: Int) -> Bool {
        if case .bounced(let failure) = outcomes[place] { failure.reply != nil } else { false }
    }

    /// A server that answered may take it later.
    private func mayBeTaken(_ place: Int) -> Bool {
        if case .deferred(let failure) = outcomes[place] { failure.reply != nil } else { false }
    }

    /// Nothing came of this address or host.
    private func failed(_ why: String, thenNext: Bool = true) {
        isUnasked = true
        let outcome = DeliveryOutcome.deferred(DeliveryFailure(detail: why, isNextHopsFault: true))
        for place in remaining where !isRefused(place) { outcomes[place] = outcome }
        if addressIndex < addresses.count { answered = (addresses[addressIndex].peer(of: hops[hopIndex].host), nil) }
        if thenNext { next() }
    }

    /// Nothing will ever come of this host.
    private func unable(_ why: String) {
        let failure = DeliveryFailure(detail: why, isNextHopsFault: true)
        settle(remaining.map { _ in .bounced(failure) })
    }

    private func next(isHostDone: Bool = false) {
        addressIndex = isHostDone ? addresses.count : addressIndex + 1
        tryAddress()
    }

    private func finish() {
        for place in remaining {
            guard case .bounced(var failure) = outcomes[place], failure.isNextHopsFault else { continue }
            // None is able: then it is the message's fault. Unless one was not asked.
            failure.isNextHopsFault = failure.reply == nil && (isUnasked || !down.isEmpty)
            outcomes[place] = failure.isNextHopsFault ? .deferred(failure) : .bounced(failure)
        }
        let end = NIODeadline.now()
        let sent = firstSend ?? end
        var nextHop = answered?.peer ?? hops.last?.description ?? ""
        if nextHop.isEmpty { nextHop = if case .mx(let domain, _) = job.route { domain } else { "none" } }
        client.pool.endJob()
        var report = DeliveryReport(
            outcomes: outcomes, nextHop: nextHop, tls: answered?.tls, connectTime: .nanoseconds((sent - began).nanoseconds),
            sendTime: .nanoseconds((end - sent).nanoseconds))
        (report.passedDSN, report.isLMTP) = takers ?? (false, false)
        report.isServed = isServed
        report.isUntried = isUntried
        completion(report)
    }
}
