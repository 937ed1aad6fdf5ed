import Mail

/// The client's side of one SMTP or LMTP session as a pure machine (RFC 5321, 2033, 2920, 3030, 3207): events in, an `Action` out; no socket,
/// no clock.
///
/// The driver connects, feeds each reply to `received`, tells `tlsEstablished`, `messageSent` and `lost`, and carries the actions out. After
/// `.ready` it may `begin` a transaction, and again after each `.finished` that does not close.
public struct ClientMachine: Sendable {
    public enum Action: Equatable, Sendable {
        /// Wait for the next reply.
        case wait
        /// Write these bytes, then wait.
        case send([UInt8])
        /// Start the TLS handshake. Bytes that came in clear behind the reply are an attack: then call `lost`.
        case startTLS
        /// The session stands; `begin` may be called.
        case ready
        /// Send the message, dot-stuffed, and the end of data; then `messageSent`.
        case sendMessage
        /// Write these bytes, and behind them the next `count` bytes of the message as they are; then `messageSent`.
        case sendChunk([UInt8], count: Int)
        /// The transaction's end: one outcome per recipient, in order. With `closes` the connection is of no more use.
        case finished([DeliveryOutcome], closes: Bool)
        /// No session came to be, or it ended between transactions: close.
        case failed(DeliveryFailure)
        /// QUIT was answered: close.
        case close
    }

    /// The greeting is awaited first. Then EHLO (LHLO), maybe STARTTLS and EHLO again, or HELO; then `ready` and `transaction` by turns.
    enum State: Equatable, Sendable {
        /// Connected; nothing was said. Next: ehlo.
        case greeting
        /// EHLO was sent. Next: startTLS, helo, ready.
        case ehlo
        /// EHLO was refused, HELO sent. Next: ready.
        case helo
        /// STARTTLS was sent. Next: handshake, or ready in clear.
        case startTLS
        /// The server said 220 to STARTTLS. Next: ehlo.
        case handshake
        /// Between transactions. Next: transaction, quitting.
        case ready
        /// See `Running.step`. Next: ready.
        case transaction
        /// QUIT was sent. Next: closed.
        case quitting
        /// Nothing is sent or heard any more.
        case closed
    }

    let hostname: String
    let tls: NextHop.TLSMode
    let isLMTP: Bool
    let usesChunking: Bool
    let avoidsTLS: Bool
    var state = State.greeting
    var running: Running?
    /// The last transaction left the server with an envelope.
    var needsReset = false
    public private(set) var isEncrypted = false
    public private(set) var capabilities = ServerCapabilities()

    /// `hostname` is ours, for EHLO. Without `usesChunking` BDAT is not used, whatever the server offers. With `avoidsTLS` an opportunistic
    /// session stays in clear: a handshake failed before.
    public init(
        hostname: String, tls: NextHop.TLSMode, isLMTP: Bool = false, usesChunking: Bool = true, avoidsTLS: Bool = false
    ) {
        self.hostname = hostname
        self.tls = tls
        self.isLMTP = isLMTP
        self.usesChunking = usesChunking
        self.avoidsTLS = avoidsTLS
    }

    /// The server offered CHUNKING and then did not know BDAT; the transaction ended with that.
    public internal(set) var hasRefusedChunking = false

    /// In a session that stayed in clear although the server offers STARTTLS, it refused mail that comes without.
    public internal(set) var hasDemandedTLS = false

    /// It came as far as `ready` once.
    public private(set) var isEstablished = false

    /// True from the 220 to STARTTLS until `tlsEstablished`.
    public var isInHandshake: Bool { state == .handshake }

    /// True between transactions.
    public var isIdle: Bool { state == .ready }

    public var isQuitting: Bool { state == .quitting }

    /// True while a transaction runs to which the server has not said a word: nothing can have been accepted.
    public var isUnanswered: Bool { running?.isUnanswered ?? false }

    // MARK: Events

    /// `hasMore`: bytes stand behind the reply already. Where it is the answer to all that was sent, those answer nothing: one reply too
    /// many was among those before, and which of them was whose is not known.
    public mutating func received(_ reply: Reply, hasMore: Bool = false) -> Action {
        // Only what EHLO announces is read to the end.
        let reply = state == .ehlo && reply.code == 250 ? reply : reply.excerpt
        let action = react(reply, hasMore: hasMore)
        guard hasMore else { return action }
        switch action {
        case .send, .sendMessage, .sendChunk: return failure("a reply that nothing asked for, behind \(reply)")
        case .ready:
            isEstablished = false
            return failure("a reply that nothing asked for, behind that to \(isLMTP ? "LHLO" : "EHLO")")
        default: return action
        }
    }

    private mutating func react(_ reply: Reply, hasMore: Bool) -> Action {
        // RFC 5321 section 3.8: 421 may answer anything, and the server closes.
        if reply.code == 421, state != .quitting, state != .closed {
            return fail(DeliveryFailure(reply: reply, detail: "in reply to \(word)", isNextHopsFault: true))
        }
        switch state {
        case .greeting: return reply.code == 220 ? hello() : refused(reply)
        case .ehlo: return ehlo(reply)
        case .helo:
            guard reply.code == 250 else { return refused(reply) }
            capabilities = ServerCapabilities()
            return established()
        case .startTLS:
            if reply.code == 220 {
                state = .handshake
                return .startTLS
            }
            return tls == .opportunistic ? becomeReady() : refused(reply)
        case .transaction: return answered(reply, hasMore: hasMore)
        case .quitting:
            state = .closed
            return .close
        case .handshake, .ready: return failure("a reply that nothing asked for: \(reply)")
        case .closed: return .wait
        }
    }

    public mutating func tlsEstablished() -> Action {
        precondition(state == .handshake, "TLS without STARTTLS")
        isEncrypted = true
        // RFC 3207 section 4.2: what was learnt in clear is forgotten.
        capabilities = ServerCapabilities()
        return hello()
    }

    /// The connection is gone, or of no use: closed, timed out, malformed. `why` is one line for the log.
    public mutating func lost(_ why: String) -> Action {
        if state == .quitting { state = .closed }
        if state == .closed { return .close }
        return failure("\(why) (\(state == .ready ? "between messages" : "waiting for the reply to \(word)"))")
    }

    public mutating func quit() -> Action {
        precondition(state == .ready, "QUIT in state \(state)")
        return send("QUIT\r\n", .quitting)
    }

    // MARK: Session

    private mutating func hello() -> Action { send("\(isLMTP ? "LHLO" : "EHLO") \(hostname)\r\n", .ehlo) }

    private mutating func ehlo(_ reply: Reply) -> Action {
        if reply.isPermanent, !isLMTP { return send("HELO \(hostname)\r\n", .helo) }
        guard reply.code == 250 else { return refused(reply) }
        capabilities = ServerCapabilities(ehlo: reply)
        if tls != .never, !(avoidsTLS && tls == .opportunistic), !isEncrypted, capabilities.hasSTARTTLS {
            return send("STARTTLS\r\n", .startTLS)
        }
        return established()
    }

    private mutating func established() -> Action {
        guard isEncrypted || tls == .never || tls == .opportunistic else { return failure("TLS is required, but the server offers none") }
        return becomeReady()
    }

    private mutating func becomeReady() -> Action {
        state = .ready
        isEstablished = true
        return .ready
    }

    mutating func send(_ line: String, _ next: State) -> Action {
        state = next
        return .send(Array(line.utf8))
    }

    /// The server will not talk to us at all: nothing about a recipient.
    private mutating func refused(_ reply: Reply) -> Action {
        fail(DeliveryFailure(reply: reply, detail: "in reply to \(word)", isNextHopsFault: true))
    }

    mutating func failure(_ why: String) -> Action { fail(DeliveryFailure(detail: why, isNextHopsFault: true)) }

    /// Ends the session; a transaction under way is deferred for everybody who has no outcome yet.
    mutating func fail(_ failure: DeliveryFailure) -> Action {
        state = .closed
        guard running != nil else { return .failed(failure) }
        var failure = failure
        // It may have taken the message: nobody else gets it too in this attempt.
        if isPastEndOfData, failure.reply == nil { failure.isNextHopsFault = false }
        return finish(.deferred(failure), closes: true)
    }

    /// What was sent last, for the log.
    var word: String {
        switch state {
        case .greeting: "connect"
        case .ehlo: isLMTP ? "LHLO" : "EHLO"
        case .helo: "HELO"
        case .startTLS, .handshake: "STARTTLS"
        case .ready, .closed: "nothing"
        case .transaction: running?.step.word ?? "nothing"
        case .quitting: "QUIT"
        }
    }
}
