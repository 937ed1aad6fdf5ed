import Mail
import SMTP

/// Runs a dialogue against the pure client machine. `S:` lines are the server's (`S: 250-a|250 b` is one reply), and what the machine then
/// does is written down as `C: LINE|LINE` for bytes, or as a word in brackets.
func clientDialogue(_ machine: inout ClientMachine, _ transactions: [ClientTransaction], server: [String]) -> [String] {
    var log: [String] = []
    var waiting = transactions[...]
    func note(_ action: ClientMachine.Action) {
        switch action {
        case .wait: break
        case .send(let bytes):
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
            log.append("C: " + lines.joined(separator: "|"))
        case .startTLS:
            log.append("[tls]")
            note(machine.tlsEstablished())
        case .ready:
            log.append("[ready]")
            if let next = waiting.popFirst() { note(machine.begin(next)) }
        case .sendMessage:
            log.append("[message]")
            machine.messageSent()
        case .sendChunk(let bytes, let count):
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
            log.append("C: " + lines.joined(separator: "|"))
            log.append("[\(count) bytes]")
            machine.messageSent()
        case .finished(let outcomes, let closes):
            log.append("[" + outcomes.map(word).joined(separator: ", ") + (closes ? "; close]" : "]"))
            if !closes, let next = waiting.popFirst() { note(machine.begin(next)) }
        case .failed(let failure): log.append("[failed: \(failure)\(failure.isNextHopsFault ? "" : " (not its fault)")]")
        case .close: log.append("[close]")
        }
    }
    for line in server {
        if line == "[lost]" {
            note(machine.lost("cut off"))
        } else if line == "[quit]" {
            note(machine.quit())
        } else {
            let hasMore = line.hasSuffix("+")
            note(machine.received(parsed(hasMore ? String(line.dropLast()) : line), hasMore: hasMore))
        }
    }
    return log
}

private func word(_ outcome: DeliveryOutcome) -> String {
    switch outcome {
    case .delivered(let reply): "delivered \(reply.code)"
    case .deferred(let f): "deferred \(f.reply.map { "\($0.code)" } ?? "-")\(f.isNextHopsFault ? " fault" : "")"
    case .bounced(let f): "bounced \(f.reply.map { "\($0.code)" } ?? "-")"
    }
}

private func parsed(_ text: String) -> Reply {
    var parser = ReplyParser()
    var consumed = 0
    let bytes = Array((text.split(separator: "|").joined(separator: "\r\n") + "\r\n").utf8)
    guard case .reply(let reply) = bytes.withUnsafeBytes({ parser.parse($0, consumed: &consumed) }), consumed == bytes.count else {
        fatalError("not one reply: \(text)")
    }
    return reply
}
