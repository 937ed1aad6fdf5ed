import GatewayTestKit
import Mail

@testable import SMTP

/// A `ServerMachine` driven without a socket: what the session handler does, in its plainest form.
final class ServerMachineTransport: TranscriptTransport {
    var machine: ServerMachine
    let inspectors: ScriptedInspectors
    private var inspector: any SessionInspector
    private var input: [UInt8] = []
    private(set) var output: [UInt8] = []
    private(set) var refusals: [Reply] = []
    private var next: ServerAction?

    init(
        _ inspectors: ScriptedInspectors = ScriptedInspectors(), tls: TLSFacts? = nil, spool: (any BodySpool)? = nil,
        _ change: (inout ServerOptions) -> Void = { _ in }
    ) {
        self.inspectors = inspectors
        var facts = SessionFacts(
            id: 1, role: .inbound, listener: "test:25", client: .loopback, clientPort: 1, connectedAt: Timestamp(seconds: 1))
        facts.tls = tls
        var options = ServerOptions()
        options.offersTLS = tls == nil
        change(&options)
        inspector = inspectors.makeInspector(facts, on: ManualLoop())
        machine = ServerMachine(
            facts: facts, hostname: inspectors.hostname, limits: inspectors.limits, options: options, spool: spool)
        next = machine.start()
        drive()
    }

    convenience init(for transcript: Transcript) {
        self.init { options in
            let traits = transcript.traits
            options.isLMTP = traits.contains(.lmtp)
            options.authentication = traits.contains(.auth) ? .required : .off
            options.normalizesLineEnds = traits.contains(.normalize)
            options.allowsXCLIENT = traits.contains(.xclient)
        }
    }

    func send(_ bytes: [UInt8]) {
        input += bytes
        drive()
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func act(_ action: ServerAction) {
        next = action
        drive()
    }

    func receiveLine() -> String? {
        guard let end = output.firstIndex(of: 10) else { return nil }
        let line = output[..<end].dropLast()
        output.removeSubrange(...end)
        return String(decoding: line, as: UTF8.self)
    }

    var hasEnded: Bool { machine.hasEnded }
    var isKeepingData: Bool { machine.isKeepingData }
    var facts: SessionFacts { machine.facts }

    /// All lines since the last call.
    func lines() -> [String] {
        var lines: [String] = []
        while let line = receiveLine() { lines.append(line) }
        return lines
    }

    func startTLS() { act(machine.tlsStarted(TLSFacts(version: "TLSv1.3", cipher: ""))) }

    private func drive() {
        while true {
            let action: ServerAction
            if let waiting = next, waiting != .wait {
                action = waiting
                next = nil
            } else {
                var consumed = 0
                action = input.withUnsafeBytes { machine.receive($0, consumed: &consumed) }
                input.removeFirst(consumed)
            }
            switch action {
            case .wait: return
            case .reply(let reply): output += reply.encoded
            case .replies(let replies): output += replies.flatMap(\.encoded)
            case .restart:
                inspector.close()
                inspector = inspectors.makeInspector(machine.facts, on: ManualLoop())
                next = machine.start()
            case .refuse(let reply, _):
                refusals.append(reply)
                output += reply.encoded
            case .forget(let replies, _):
                inspector.reset()
                output += replies.flatMap(\.encoded)
            case .startTLS(let reply):
                inspector.reset()
                output += reply.encoded
            case .end(let reply):
                input = []
                output += reply.encoded
            case .ask(let question): ask(question)
            }
        }
    }

    private func ask(_ question: ServerQuestion) {
        // At once: the scripted inspector answers before it returns.
        nonisolated(unsafe) let transport = self
        let then: @Sendable (Reply?) -> Void = { transport.next = transport.machine.answered($0) }
        switch question {
        case .connect: inspector.connect(then: then)
        case .hello: inspector.helo(machine.facts, then: then)
        case .mail(let envelope): inspector.mail(machine.facts, envelope, then: then)
        case .authenticate(let credentials):
            inspector.authenticate(machine.facts, credentials) { transport.next = transport.machine.authenticated($0) }
        case .recipient(let recipient): inspector.recipient(recipient) { then($0) }
        case .data: then(nil)
        case .message: inspector.message(machine.takeMessage()) { transport.next = transport.machine.answered($0) }
        }
    }
}
