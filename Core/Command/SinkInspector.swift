import Glibc
import Mail
import Synchronization

/// What the sink says to each question of a session: yes, whoever asks, and at the end of a message what its manner is.
final class SinkInspector: SessionInspector, @unchecked Sendable {
    // Sendable: bound to the session's loop.

    struct Manner: Sendable {
        var isQuiet = false
        var isFull = false
        /// nil: takes every message.
        var reply: Reply?
        /// A folder for the messages.
        var dump: String?
    }

    private let tray: SinkTray
    private var facts: SessionFacts
    private var envelope: Envelope?
    private(set) var queueID: QueueID?
    let limits = SinkServer.limits
    let hostname = SinkServer.hostname

    init(_ facts: SessionFacts, tray: SinkTray) {
        self.facts = facts
        self.tray = tray
    }

    func connect(then: @escaping @Sendable (Reply?) -> Void) { then(nil) }

    func helo(_ facts: SessionFacts, then: @escaping @Sendable (Reply?) -> Void) {
        self.facts = facts
        then(nil)
    }

    func authenticate(_ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (AuthenticationOutcome) -> Void) {
        then(.accepted(login: credentials.login))
    }

    func mail(_ facts: SessionFacts, _ envelope: Envelope, then: @escaping @Sendable (Reply?) -> Void) {
        self.envelope = envelope
        queueID = tray.nextID()
        then(nil)
    }

    func recipient(_ recipient: Recipient, then: @escaping @Sendable (Reply) -> Void) {
        envelope?.recipients.append(recipient)
        then(Reply(.recipientOK, "Ok"))
    }

    func message(_ region: Region, then: @escaping @Sendable ([Reply]) -> Void) {
        guard let envelope, let queueID else { preconditionFailure("a message without MAIL") }
        let reply = tray.take(region, envelope: envelope, queueID: queueID, client: facts)
        reset()
        then(facts.isLMTP ? envelope.recipients.map { _ in reply } : [reply])
    }

    func reset() {
        envelope = nil
        queueID = nil
    }

    func close() { reset() }
}

/// What all sessions of a sink share: counts, and what becomes of a message. Any thread.
final class SinkTray: SessionInspectorFactory {
    private let manner: SinkInspector.Manner
    private let clock: any WallClock
    private let generator = QueueIDGenerator(floor: QueueID(rawValue: 0))
    private let counts = Mutex((messages: 0, recipients: 0, bytes: 0))

    init(_ manner: SinkInspector.Manner, clock: any WallClock) {
        self.manner = manner
        self.clock = clock
    }

    var counted: (messages: Int, recipients: Int, bytes: Int) { counts.withLock { $0 } }

    func makeInspector(_ facts: SessionFacts, on loop: any SerialLoop) -> any SessionInspector { SinkInspector(facts, tray: self) }

    func nextID() -> QueueID { generator.next(at: clock.now) }

    /// Counts, shows and writes it; the reply to its end.
    func take(_ region: Region, envelope: Envelope, queueID: QueueID, client: SessionFacts) -> Reply {
        if let reply = manner.reply { return reply }
        if let folder = manner.dump, let problem = Self.write(region, to: "\(folder)/\(queueID).eml") {
            Terminal.printError("postern: \(problem)")
            return Reply(.insufficientStorage, "the sink cannot write it")
        }
        let number = counts.withLock {
            $0.messages += 1
            $0.recipients += envelope.recipients.count
            $0.bytes += region.count
            return $0.messages
        }
        if !manner.isQuiet {
            let lines = SinkText.lines(region, number: number, envelope: envelope, client: client, isFull: manner.isFull)
            Terminal.print(lines.joined(separator: "\n"))
        }
        return Reply(.ok, "\(queueID) in the sink")
    }

    /// The file's name is ours: no byte of the peer's is in it. nil, or what went wrong.
    private static func write(_ region: Region, to path: String) -> String? {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return "cannot make \(path): \(String(cString: strerror(errno)))" }
        defer { close(file) }
        var rest = region.bytes[...]
        while !rest.isEmpty {
            let n = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if n < 0, errno == EINTR { continue }
            if n <= 0 { return "cannot write \(path): \(String(cString: strerror(errno)))" }
            rest = rest.dropFirst(n)
        }
        return nil
    }
}
