import Mail
import NIOCore
import NIOPosix
import SMTP

/// One job on its way: next hop after next hop, address after address, until every recipient has an outcome that is not the server's fault.
final class DeliveryAttempt: @unchecked Sendable {
    // Sendable: one step at a time; each step is started by the end of the one before, on whatever thread that came.
    private let job: DeliveryJob
    private let client: SMTPNextHopClient
    private let completion: @Sendable (DeliveryReport) -> Void
    private let began = NIODeadline.now()
    private let size: Int
    private let needsSMTPUTF8: Bool
    private let isCallout: Bool

    private let hops: [NextHop]
    private var hopIndex = 0
    private var addresses: [IPAddress] = []
    private var addressIndex = 0

    /// By recipient; those in `remaining` have none, or one that was the next hop's fault.
    private var outcomes: [DeliveryOutcome]
    /// Places in the job's recipients.
    private var remaining: [Int]
    private var answered: (peer: String, tls: TLSFacts?)?
    private var firstSend: NIODeadline?

    /// `isCallout`: each transaction ends after RCPT, and the outcome of an accepted recipient is `delivered`.
    init(
        _ job: DeliveryJob, client: SMTPNextHopClient, rotation: Int, isCallout: Bool = false,
        completion: @escaping @Sendable (DeliveryReport) -> Void
    ) {
        self.job = job
        self.isCallout = isCallout
        self.client = client
        self.completion = completion
        hops = if case .nextHops(let hops) = job.route { Self.ordered(hops, rotation: rotation) } else { [] }
        size = isCallout ? 0 : MessageWriter.size(addedHeaders: job.addedHeaders, region: job.region)
        needsSMTPUTF8 = job.isSMTPUTF8 && Self.hasUTF8(job)
        let unknown = DeliveryOutcome.deferred(DeliveryFailure(detail: "no next hop", isNextHopsFault: true))
        outcomes = Array(repeating: unknown, count: job.recipients.count)
        remaining = Array(job.recipients.indices)
    }

    func start() { tryHop() }

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

    /// In an address or in the header: bodies are BODY=8BITMIME's business.
    private static func hasUTF8(_ job: DeliveryJob) -> Bool {
        let isASCII = { (text: String) in text.utf8.allSatisfy { $0 < 128 } }
        guard isASCII(job.reversePath.description), job.recipients.allSatisfy({ isASCII($0.address.description) }),
            isASCII(job.addedHeaders)
        else { return true }
        var lineIsEmpty = true
        for byte in job.region.bytes {
            if byte >= 128 { return true }
            if byte == 10 {
                if lineIsEmpty { return false }
                lineIsEmpty = true
            } else if byte != 13 {
                lineIsEmpty = false
            }
        }
        return false
    }

    // MARK: Steps

    private func tryHop() {
        guard hopIndex < hops.count else { return finish() }
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
        HostAddresses.find(hops[hopIndex].host, resolver: client.resolver) { result in
            switch result {
            case .success(let addresses):
                self.addresses = addresses
                self.connect(tls: self.hops[self.hopIndex].tls)
            case .failure(let failure): self.failed(failure.text)
            }
        }
    }

    private func connect(tls: NextHop.TLSMode) {
        let hop = hops[hopIndex]
        let address = addresses[addressIndex]
        let peer = Self.peer(hop, address)
        let connection = NextHopConnection(
            key: ConnectionPool.Key(hop), peer: peer, loop: client.group.any(), hostname: client.hostname(), tls: tls, pool: client.pool,
            contexts: client.contexts, policy: client.policy, work: work())
        guard client.pool.opened(connection) else {
            hopIndex = hops.count - 1
            addresses = []
            return failed("connect to \(peer): shutting down")
        }
        do {
            ClientBootstrap(group: connection.loop)
                .connectTimeout(TimeAmount(client.policy().connectTimeout))
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(connection) }
                }
                .connect(to: try SocketAddress(ipAddress: address.description, port: hop.port))
                .whenFailure { error in
                    guard connection.neverConnected() else { return }
                    self.failed("connect to \(peer): \(FailureText.of(error))")
                }
        } catch {
            client.pool.closed(connection)
            failed("connect to \(peer): not an address to connect to")
        }
    }

    private static func peer(_ hop: NextHop, _ address: IPAddress) -> String { "\(hop.host)[\(address)]:\(hop.port)" }

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
            addedHeaders: job.addedHeaders, region: job.region, done: { self.ended($0, $1) })
    }

    private func ended(_ end: NextHopConnection.End, _ connection: NextHopConnection) {
        switch end {
        case .stale: lookUp()
        case .tlsFailed(let why):
            if hops[hopIndex].tls == .opportunistic, addressIndex < addresses.count { return connect(tls: .never) }
            failed("TLS with \(connection.peer): \(why)")
        case .finished(let results):
            answered = (connection.peer, connection.tls)
            if firstSend == nil { firstSend = connection.sendBegan }
            var left: [Int] = []
            for (place, outcome) in zip(remaining, results) {
                outcomes[place] = outcome
                if case .deferred(let failure) = outcome, failure.isNextHopsFault { left.append(place) }
            }
            remaining = left
            if left.isEmpty { finish() } else { next() }
        }
    }

    /// Nothing came of this address or host.
    private func failed(_ why: String) {
        let outcome = DeliveryOutcome.deferred(DeliveryFailure(detail: why, isNextHopsFault: true))
        for place in remaining { outcomes[place] = outcome }
        if addressIndex < addresses.count { answered = (Self.peer(hops[hopIndex], addresses[addressIndex]), nil) }
        next()
    }

    private func next() {
        addressIndex += 1
        if addressIndex < addresses.count { return connect(tls: hops[hopIndex].tls) }
        hopIndex += 1
        tryHop()
    }

    private func finish() {
        let end = NIODeadline.now()
        let sent = firstSend ?? end
        let nextHop = answered?.peer ?? hops.last?.description ?? ""
        client.pool.endJob()
        completion(
            DeliveryReport(
                outcomes: outcomes, nextHop: nextHop, tls: answered?.tls, connectTime: .nanoseconds((sent - began).nanoseconds),
                sendTime: .nanoseconds((end - sent).nanoseconds)))
    }
}
