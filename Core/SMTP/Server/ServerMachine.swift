import func Glibc.memchr
import Mail

/// The server's side of one SMTP session (RFC 5321), without a socket or a clock: bytes and answers go in, actions come out. The driver calls
/// `start`, then `receive` whenever an action has been carried out and bytes may be left. Bytes are held back by the driver while a question
/// is open, so that pipelined commands (RFC 2920) are answered in order.
public struct ServerMachine: ~Copyable {
    /// Where the session is. Session and transaction are kept apart: see `Session` and `Transaction`.
    enum State {
        /// Made, nothing happened. Next: asking.
        case new
        /// The inspector is deciding; no byte is read. Next: commands, data, ended.
        case asking(ServerQuestion)
        /// Reading commands. Next: any.
        case commands
        /// Inside AUTH: the next line is no command. Next: asking(.authenticate), commands.
        case authenticating(AuthenticationDialogue)
        /// Inside a command line that is too long, up to its LF. Next: commands.
        case skipping
        /// Reading a message. Next: asking(.message), commands.
        case data
        /// Reading a chunk of a message, `left` bytes of it to come. Next: commands, asking(.message).
        case chunk(left: Int, size: Int, isLast: Bool)
        /// Reading a chunk that is refused with the reply at its end. Next: commands.
        case discarding(left: Int, Reply)
        /// The handshake is under way. Next: commands, ended.
        case handshake
        case ended
    }

    /// What lives as long as the connection, TLS aside, which starts it anew (RFC 3207 section 4.2).
    struct Session {
        var hasGreeted = false
        /// Rejected commands since the last accepted message.
        var errors = 0
        /// Commands since then that lead nowhere.
        var idleCommands = 0
        var failedLogins = 0
        /// Accepted MAIL commands.
        var transactions = 0
    }

    /// From an accepted MAIL to its message's end or RSET.
    struct Transaction {
        var declaredSize: Int?
        var isSMTPUTF8: Bool
        /// BDAT has begun: neither RCPT nor DATA may follow (RFC 3030 section 2).
        var hasChunks = false
        var accepted = 0
        var tried = 0
    }

    var state = State.new
    var session = Session()
    var transaction: Transaction?
    var reader: DataReader?
    var finished: Region?
    /// The chunk that waits for the inspector's leave.
    var pendingChunk: (size: Int, isLast: Bool)?
    var isShuttingDown = false

    public internal(set) var facts: SessionFacts
    /// In force for what comes next: the driver sets it when a transaction begins or ends.
    public var limits: Limits
    public var hostname: String
    let options: ServerOptions
    private(set) var spool: (any BodySpool)?

    /// `spool`: where messages too large for memory go while they arrive. `facts` may have TLS already, where the handshake came first.
    public init(
        facts: SessionFacts, hostname: String, limits: Limits, options: ServerOptions = ServerOptions(), spool: (any BodySpool)? = nil
    ) {
        self.facts = facts
        self.hostname = hostname
        self.limits = limits
        self.options = options
        self.spool = spool
    }

    // MARK: Events

    /// The connection is there.
    public mutating func start() -> ServerAction { ask(.connect) }

    /// Bytes that have not been consumed before, in order; `consumed` says how many of them are done with. Call again after each action until
    /// it is `wait`, also without bytes.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> ServerAction {
        consumed = 0
        switch state {
        case .commands, .skipping, .authenticating:
            if isShuttingDown, transaction == nil { return end(ServerReply.shuttingDown) }
            let action = readLine(bytes, consumed: &consumed)
            guard action == .wait, consumed < bytes.count, isInChunk else { return action }
            // BDAT needs no reply before its bytes, which may be here already.
            var more = 0
            defer { consumed += more }
            return readChunk(UnsafeRawBufferPointer(rebasing: bytes[consumed...]), consumed: &more)
        case .data: return readData(bytes, consumed: &consumed)
        case .chunk, .discarding: return readChunk(bytes, consumed: &consumed)
        case .new, .asking, .handshake, .ended: return .wait
        }
    }

    /// The answer to the question that is open. nil: go on.
    public mutating func answered(_ reply: Reply?) -> ServerAction {
        guard case .asking(let question) = state else {
            if case .ended = state { return .wait }
            preconditionFailure("an answer without a question")
        }
        if case .authenticate = question { return authenticated(.refused(reply ?? ServerReply.localError)) }
        state = .commands
        return closing(conclude(question, reply))
    }

    /// The answers to `.ask(.message)`: one, or with LMTP one for each accepted recipient, in order.
    public mutating func answered(_ replies: [Reply]) -> ServerAction {
        guard case .asking(.message) = state else { return answered(replies.first) }
        state = .commands
        return closing(conclude(replies))
    }

    private mutating func closing(_ action: ServerAction) -> ServerAction {
        // RFC 5321 section 3.8: 421 announces that the channel closes.
        if case .reply(let reply) = action, reply.code == 421 { return end(reply) }
        return action
    }

    /// Nothing came for too long. Not while a question is open.
    public mutating func timedOut() -> ServerAction { end(ServerReply.timeout) }

    /// The driver ends the session with a reply of its own.
    public mutating func finish() {
        state = .ended
        dropTransaction()
    }

    /// The gateway is going down: ends the session now if no transaction is open, else after it.
    public mutating func shutDown() -> ServerAction {
        isShuttingDown = true
        switch state {
        case .commands, .skipping, .authenticating, .discarding:
            return transaction == nil ? end(ServerReply.shuttingDown) : .wait
        case .handshake: return end(ServerReply.shuttingDown)
        case .new, .asking, .data, .chunk, .ended: return .wait
        }
    }

    /// What the session waits for.
    public var isAsking: Bool { if case .asking = state { true } else { false } }
    public var isReadingData: Bool {
        switch state {
        case .data, .chunk, .discarding: true
        default: false
        }
    }
    /// Within a line that is too long: its end has not come.
    public var isSkipping: Bool { if case .skipping = state { true } else { false } }

    private var isInChunk: Bool {
        switch state {
        case .chunk, .discarding: true
        default: false
        }
    }

    public var isInTransaction: Bool { transaction != nil }
    public var hasEnded: Bool { if case .ended = state { true } else { false } }

    // MARK: Lines

    private mutating func readLine(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> ServerAction {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .wait }
        // A longer line need not be searched: it is refused either way.
        let found = memchr(base, 0x0A, bytes.count).map { base.distance(to: $0) }
        guard let lineFeed = found else {
            if case .skipping = state {} else if bytes.count < limits.commandLine { return .wait }
            state = .skipping
            consumed = bytes.count
            return .wait
        }
        consumed = lineFeed + 1
        if case .skipping = state {
            state = .commands
            return refuse(.tooLong)
        }
        guard consumed <= limits.commandLine else { return refuse(.tooLong) }
        guard lineFeed > 0, bytes[lineFeed - 1] == UInt8(ascii: "\r") else { return refuse(.bareLineFeed) }
        if session.errors >= limits.errors { return end(ServerReply.tooManyErrors) }
        if case .authenticating(let dialogue) = state {
            return continueAuthentication(dialogue, UnsafeRawBufferPointer(rebasing: bytes[..<(lineFeed - 1)]))
        }
        let command: Command
        do throws(CommandFault) {
            command = try CommandParser.parse(
                UnsafeRawBufferPointer(rebasing: bytes[..<(lineFeed - 1)]), offersAUTH: options.authentication != .off)
        } catch {
            return refuse(error)
        }
        return execute(command, hasMore: consumed < bytes.count)
    }

    // MARK: Parts of an action

    mutating func ask(_ question: ServerQuestion) -> ServerAction {
        state = .asking(question)
        return .ask(question)
    }

    mutating func end(_ reply: Reply) -> ServerAction {
        if case .ended = state { return .wait }
        state = .ended
        dropTransaction()
        return .end(reply)
    }

    mutating func dropTransaction() {
        transaction = nil
        reader = nil
        finished = nil
        pendingChunk = nil
    }

    mutating func refuse(_ reply: Reply, during phase: Phase? = nil) -> ServerAction {
        if session.errors >= limits.errors { return end(ServerReply.tooManyErrors) }
        session.errors += 1
        return .refuse(reply, during: phase)
    }

    mutating func refuse(_ fault: CommandFault) -> ServerAction {
        // A malformed line ends a dialogue of AUTH as well.
        if case .authenticating = state { state = .commands }
        let phase: Phase? =
            switch fault {
            case .arguments(.ehlo), .arguments(.helo), .arguments(.lhlo): .helo
            case .arguments(.auth): .auth
            case .sender, .arguments(.mail): .mail
            case .recipient, .arguments(.rcpt): .rcpt
            default: nil
            }
        return refuse(ServerReply.refusal(fault), during: phase)
    }
}
