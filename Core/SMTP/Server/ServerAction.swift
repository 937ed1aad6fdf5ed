import Mail

/// What the driver of a `ServerMachine` does next. Plain values; each but `wait` is carried out, then `receive` is called again.
public enum ServerAction: Hashable, Sendable {
    /// Nothing until something happens: bytes, an answer, a finished handshake.
    case wait
    /// Send it.
    case reply(Reply)
    /// Send them in order: LMTP's replies to one message.
    case replies([Reply])
    /// Send it; `during` is refused by the machine itself, which the driver logs.
    case refuse(Reply, during: Phase?)
    /// The transaction is gone without a message: tell the inspector, then send. `isRefusal`: a message that came to its end was refused.
    case forget([Reply], isRefusal: Bool)
    /// Ask the inspector and call `answered`.
    case ask(ServerQuestion)
    /// The transaction is gone; send it in clear and start the handshake at once, then call `tlsStarted`.
    case startTLS(Reply)
    /// `facts` name another client now: the session begins anew with an inspector of its own; then call `start`.
    case restart
    /// Send it and close.
    case end(Reply)
}

/// What others must decide. `facts` of the machine has what the session has told so far.
public enum ServerQuestion: Hashable, Sendable {
    case connect
    /// The name is in `facts`. A transaction that was open is gone.
    case hello(Command.Greeting)
    /// Answered by `authenticated`.
    case authenticate(Credentials)
    case mail(Envelope)
    case recipient(Recipient)
    /// May a message come now? Declared bytes, where the client told.
    case data(declaredSize: Int?)
    /// `takeMessage` gives its bytes.
    case message

    /// Where a refusal counts.
    public var phase: Phase {
        switch self {
        case .connect: .connect
        case .hello: .helo
        case .authenticate: .auth
        case .mail: .mail
        case .recipient: .rcpt
        case .data, .message: .data
        }
    }
}
