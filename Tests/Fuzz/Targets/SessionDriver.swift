import Mail
import SMTP

/// Drives a `ServerMachine` as the session handler does, gives it random answers, and watches over what must hold in every session.
final class SessionDriver {
    private var machine: ServerMachine
    private let setup: SessionSetup
    private var random: Choices
    private var input: [UInt8] = []
    private var next: ServerAction?
    /// As a client and a store would have it.
    private(set) var output: [UInt8] = []
    private(set) var messages: [[UInt8]] = []

    /// Each reply's first digit. What makes a message bad may be seen in another order when it comes in other pieces; that it is bad, and all
    /// that follows, may not.
    var replyClasses: [UInt8] { output.split(separator: 10).compactMap(\.first) }

    // The session as it must be by the answers given.
    private var hasGreeted = false
    private var transaction: Transaction?
    private var isTLS: Bool
    private var login: String?
    private var isInHandshake = false
    private var hasEnded = false

    private struct Transaction {
        var isSMTPUTF8: Bool
        var accepted = 0
        var framing = Framing.none
        /// Bytes of the message as they were consumed.
        var raw: [UInt8] = []
        /// A chunk was refused.
        var isSpoilt = false
    }
    private enum Framing { case none, dot, chunks }
    private var turnsWithoutBytes = 0
    /// To the message that was taken last.
    private var awaitedReplies = 1

    private static let tls = TLSFacts(version: "TLSv1.3", cipher: "")

    init(_ setup: SessionSetup, _ random: Choices) throws(Finding) {
        self.setup = setup
        self.random = random
        isTLS = setup.isImplicitTLS
        var facts = SessionFacts(
            id: 1, role: .inbound, listener: "127.0.0.1:25", client: .loopback, clientPort: 1, connectedAt: Timestamp(seconds: 1))
        if setup.isImplicitTLS { facts.tls = Self.tls }
        machine = ServerMachine(facts: facts, hostname: "mx.example.com", limits: setup.limits, options: setup.options)
        next = machine.start()
        try drive()
    }

    func receive(_ piece: some Sequence<UInt8>) throws(Finding) {
        if hasEnded { return }
        input += piece
        try drive()
        if isInHandshake {
            isInHandshake = false
            isTLS = true
            hasGreeted = false
            transaction = nil
            // Whatever was said in clear is gone with the connection's clear side.
            input = []
            next = machine.tlsStarted(Self.tls)
            try drive()
        }
    }

    /// The gateway stops, or the client is too slow.
    func interrupt() throws(Finding) {
        if hasEnded { return }
        next = random.oneIn(2) ? machine.shutDown() : machine.timedOut()
        try drive()
    }

    private func drive() throws(Finding) {
        turnsWithoutBytes = 0
        while true {
            var action = ServerAction.wait
            if let waiting = next {
                next = nil
                action = waiting
            }
            if case .wait = action { action = try takeBytes() }
            if case .wait = action { return try checkWaiting() }
            try carryOut(action)
        }
    }

    private func takeBytes() throws(Finding) -> ServerAction {
        let wasReadingData = machine.isReadingData
        if transaction?.framing == .dot { try expect(wasReadingData, "a message is not read to its end") }
        var consumed = 0
        let action = input.withUnsafeBytes { machine.receive($0, consumed: &consumed) }
        try expect((0...input.count).contains(consumed), "consumed \(consumed) of \(input.count)")
        let taken = input[..<consumed]
        if wasReadingData {
            // Without framing it is a chunk that nobody asked for, thrown away.
            if transaction?.framing != Framing.none { transaction?.raw += taken }
        } else if transaction?.framing == .chunks, let line = taken.firstIndex(of: 10) {
            // BDAT and the beginning of its bytes at once.
            transaction?.raw += taken[(line + 1)...]
        }
        input.removeFirst(consumed)
        turnsWithoutBytes = consumed == 0 ? turnsWithoutBytes + 1 : 0
        try expect(turnsWithoutBytes < 4, "no progress")
        return action
    }

    private func checkWaiting() throws(Finding) {
        try expect(machine.hasEnded == hasEnded, "ended: \(machine.hasEnded)")
        if hasEnded || isInHandshake { return }
        try expect(!machine.isAsking, "a question that was answered is open")
        // Nothing but the beginning of a line is left to the driver.
        try expect(input.count < setup.limits.commandLine && !input.contains(10), "\(input.count) bytes are not taken")
    }

    private func carryOut(_ action: ServerAction) throws(Finding) {
        try expect(!hasEnded, "\(action) after the end")
        switch action {
        case .wait: break
        case .reply(let reply): try write(reply)
        case .replies(let replies):
            try expect(setup.options.isLMTP && replies.count == awaitedReplies, "\(replies.count) replies for \(awaitedReplies)")
            for reply in replies { try write(reply) }
        case .refuse(let reply, let phase):
            // 503 refuses a command; the rest refuses what was in a chunk.
            if transaction?.framing == .chunks, phase == .data, reply.code != 503 { transaction?.isSpoilt = true }
            try write(reply)
        case .forget(let replies, let isRefusal):
            if isRefusal {
                let awaited = setup.options.isLMTP ? transaction?.accepted ?? 0 : 1
                try expect(replies.count == awaited, "\(replies.count) refusals for \(awaited)")
                try refused(replies[0])
            }
            transaction = nil
            for reply in replies { try write(reply) }
        case .ask(let question): try answer(question)
        case .startTLS(let reply):
            try expect(setup.options.offersTLS && !isTLS, "TLS again, or unasked")
            try expect(input.isEmpty, "\(input.count) bytes in clear behind STARTTLS")
            try write(reply)
            transaction = nil
            isInHandshake = true
        case .restart:
            try expect(setup.options.allowsXCLIENT && transaction == nil, "another client, unasked")
            hasGreeted = false
            login = machine.facts.login
            next = machine.start()
        case .end(let reply):
            try write(reply)
            hasEnded = true
            transaction = nil
            input = []
        }
    }

    private func write(_ reply: Reply) throws(Finding) {
        let bytes = reply.encoded
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
            let text = line.dropLast()
            try expect(line.last == 13 && text.count >= 4 && text.count <= 510, "a reply's line: \(reply)")
            try expect(text.allSatisfy { (32...126).contains($0) }, "a reply's characters: \(reply)")
        }
        try expect(bytes.suffix(2) == [13, 10], "a reply without end: \(reply)")
        output += bytes
    }

    // MARK: Answers

    private func answer(_ question: ServerQuestion) throws(Finding) {
        let isYes = setup.isFriendly || !random.oneIn(6)
        let no = random.oneIn(2) ? Reply(.refused, "no\r\n250 yes") : Reply(.notNow, "not n\u{F6}w")
        try expect(!setup.options.requiresTLS || isTLS || !question.isOfTransaction, "\(question) in clear")
        let required = setup.options.authentication == .required
        try expect(!required || login != nil || !question.isOfTransaction, "\(question) without login")
        var reply: Reply? = isYes ? nil : no
        switch question {
        case .connect: break
        case .hello(let greeting):
            try expect((greeting == .lhlo) == setup.options.isLMTP, "another protocol's greeting")
            transaction = nil
            hasGreeted = isYes
        case .authenticate(let credentials):
            try expect(setup.options.authentication != .off && isTLS && login == nil && transaction == nil, "AUTH out of order")
            try expect(!credentials.login.isEmpty && !credentials.login.utf8.contains(0), "the login \(credentials.login)")
            if isYes { login = credentials.login }
            next = machine.authenticated(isYes ? .accepted(login: credentials.login) : .refused(no))
            return
        case .mail(let envelope):
            try expect(hasGreeted && transaction == nil, "MAIL out of order")
            try CommandTarget.check(envelope)
            try expect((envelope.declaredSize ?? 0) <= setup.limits.messageSize, "a declared size of \(envelope.declaredSize ?? 0)")
            if isYes { transaction = Transaction(isSMTPUTF8: envelope.isSMTPUTF8) }
        case .recipient(let recipient):
            try CommandTarget.check(recipient)
            guard let open = transaction, open.accepted < setup.limits.recipients, open.framing == .none else {
                throw Finding("RCPT out of order")
            }
            let isASCII = recipient.address.description.utf8.allSatisfy { $0 < 128 }
            try expect(isASCII || open.isSMTPUTF8, "\(recipient.address) without SMTPUTF8")
            if isYes { transaction?.accepted += 1 }
            reply = isYes ? Reply(.recipientOK, "OK") : no
        case .data:
            guard let open = transaction, open.accepted > 0, open.framing == .none else { throw Finding("DATA or BDAT out of order") }
            let action = machine.answered(reply)
            // DATA asks for the message with 354; a chunk is here already.
            if case .reply(let reply) = action, reply.code == 354 {
                transaction?.framing = .dot
            } else if isYes || machine.isReadingData {
                transaction?.framing = .chunks
                transaction?.isSpoilt = !isYes
            }
            next = action
            return
        case .message:
            awaitedReplies = setup.options.isLMTP ? transaction?.accepted ?? 0 : 1
            let region = machine.takeMessage()
            try take(withExtendedLifetime(region) { Array(region.bytes) })
            transaction = nil
            next = machine.answered((0..<awaitedReplies).map { _ in isYes && !random.oneIn(6) ? Reply(.ok, "queued") : no })
            return
        }
        next = machine.answered(reply)
    }

    /// The message is what stands between 354 and the first true end of data, or in the chunks, and nothing that any server takes for two
    /// messages.
    private func take(_ message: [UInt8]) throws(Finding) {
        guard let open = transaction, open.accepted > 0, !open.isSpoilt else { throw Finding("a message out of order") }
        try expect(message == expected(open), "another message: \(message)")
        try expect(!PlainReading.hasBareLineEnd(message), "a CR or LF stands alone")
        try expect(!isBad(message), "a message that breaks a limit")
        let relayed = stuffed(message)
        try expect(!PlainReading.hasLenientEnd(relayed), "relayed, it has an end of data within")
        let whole = relayed + Array(".\r\n".utf8)
        try expect(PlainReading.end(of: whole[...]) == whole.count && PlainReading.content(whole[...]) == message, "relayed, it differs")
        messages.append(message)
    }

    private func refused(_ reply: Reply) throws(Finding) {
        guard let open = transaction, open.accepted > 0 else { throw Finding("a message refused out of order") }
        let message = try expected(open)
        try expect(isBad(message) || PlainReading.hasBareLineEnd(message), "refused without reason: \(reply)")
        try expect(!reply.isPositive, "refused with \(reply)")
    }

    /// By the plain reading.
    private func expected(_ open: Transaction) throws(Finding) -> [UInt8] {
        var message = open.raw
        switch open.framing {
        case .none: throw Finding("a message without DATA or BDAT")
        case .dot:
            try expect(PlainReading.end(of: open.raw[...]) == open.raw.count, "ended elsewhere: \(SessionTarget.text(open.raw))")
            message = PlainReading.content(open.raw[...])
        case .chunks: break
        }
        if setup.options.normalizesLineEnds { message = PlainReading.normalized(message) }
        if !message.isEmpty, message.last != 10 { message += [13, 10] }
        return message
    }

    private func isBad(_ message: [UInt8]) -> Bool {
        message.contains(0) || message.count > setup.limits.messageSize || PlainReading.longestLine(message) > setup.limits.textLine
    }

    /// As it goes to a next hop.
    private func stuffed(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        message.withUnsafeBytes { bytes in
            var at = 0
            while let dot = DotStuffing.nextDot(in: bytes, from: at) {
                out += bytes[at..<dot]
                out += [46, 46]
                at = dot + 1
            }
            out += bytes[at...]
        }
        return out
    }
}

extension ServerQuestion {
    fileprivate var isOfTransaction: Bool {
        switch self {
        case .connect, .hello, .authenticate: false
        default: true
        }
    }
}
