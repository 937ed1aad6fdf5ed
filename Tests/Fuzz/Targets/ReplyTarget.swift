import Mail
import SMTP

/// A next hop's bytes: the same replies come out in every split, and the client machine ends each transaction with one outcome per
/// recipient, whatever it is told.
enum ReplyTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let input = FuzzInput(bytes) else { return }
        let pieces = parse(input.pieces)
        let whole = parse([input.bytes[...]])
        try expect(pieces == whole, "split, the replies differ: \(pieces) and \(whole)")
        for case .reply(let reply) in whole { try check(reply) }
        try converse(whole, input)
    }

    private static func parse(_ pieces: [ArraySlice<UInt8>]) -> [ReplyParser.Result] {
        var parser = ReplyParser()
        var results: [ReplyParser.Result] = []
        for piece in pieces {
            var consumed = 0
            while consumed < piece.count {
                let before = consumed
                let result = piece.withUnsafeBytes { parser.parse($0, consumed: &consumed) }
                precondition(consumed <= piece.count)
                if case .incomplete = result { break }
                results.append(result)
                if case .malformed = result { return results }
                precondition(consumed > before, "no progress")
            }
        }
        return results
    }

    /// What stands behind a reply before anything else was sent answers nothing.
    private static func expectNothingSent(_ action: ClientMachine.Action) throws(Finding) {
        switch action {
        case .send, .sendMessage, .sendChunk, .ready: throw Finding("went on with bytes behind the reply: \(action)")
        case .wait, .startTLS, .finished, .failed, .close: break
        }
    }

    private static func check(_ reply: Reply) throws(Finding) {
        try expect((200..<600).contains(reply.code), "the code \(reply.code)")
        try expect((1...ReplyParser.mostLines).contains(reply.lines.count), "\(reply.lines.count) lines")
        try expect(reply.lines.allSatisfy { $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }, "control characters in \(reply)")
        try expect(reply.lines.reduce(0) { $0 + $1.utf8.count } <= 4 * ReplyParser.mostBytes, "an endless reply")
        // What we pass on to a client of ours is a reply again, of the same code and as many lines.
        let again = parse([reply.encoded[...]])
        guard again.count == 1, case .reply(let second)? = again.first else { throw Finding("encoded, \(reply) is \(again)") }
        try expect(second.code == reply.code && second.lines.count == reply.lines.count, "\(reply) became \(second)")
    }

    private static func converse(_ results: [ReplyParser.Result], _ input: FuzzInput) throws(Finding) {
        let modes: [NextHop.TLSMode] = [.never, .opportunistic, .require]
        var client = ClientMachine(
            hostname: "gateway.example", tls: modes[Int(input.options) % modes.count], isLMTP: input.options & 0x40 != 0)
        /// Bytes of the message that chunks have taken.
        var chunked = 0
        var size = 0
        var random = input.choices
        var transactions = 0
        var expected = 0
        var isOpen = true
        func transaction() -> ClientTransaction {
            // Small, above what goes along with the commands, and above one chunk.
            size = 1 + random.below([9000, 200_000, 20 << 20][random.below(3)])
            chunked = 0
            return ClientTransaction(
                reversePath: transactions % 2 == 0 ? .null : .address(EmailAddress(localPart: "a", domain: "sender.example")),
                recipients: (0..<expected).map { EmailAddress(localPart: "user\($0)", domain: "example.com") },
                size: size,
                is8BitMIME: transactions % 3 == 0, needsSMTPUTF8: transactions % 5 == 4)
        }
        func carryOut(_ first: ClientMachine.Action) throws(Finding) {
            var action = first
            while true {
                switch action {
                case .wait: return
                case .send(let bytes):
                    try expect(bytes.suffix(2) == [13, 10], "a command without CR LF")
                    let lines = bytes.split(separator: 13, omittingEmptySubsequences: false)
                    try expect(lines.dropFirst().allSatisfy { $0.first == 10 }, "a CR stands alone")
                    try expect(lines.allSatisfy { $0.dropFirst().allSatisfy { $0 >= 32 && $0 < 127 } }, "not a command: \(bytes)")
                    return
                case .startTLS: action = random.oneIn(8) ? client.lost("handshake failed") : client.tlsEstablished()
                case .ready, .finished(_, closes: false):
                    if case .finished(let outcomes, _) = action {
                        try expect(outcomes.count == expected, "\(outcomes.count) outcomes for \(expected)")
                    }
                    transactions += 1
                    if transactions > 20 { action = client.quit(); continue }
                    expected = 1 + random.below(4)
                    action = client.begin(transaction())
                case .sendChunk(let bytes, let count):
                    let lines = bytes.split(separator: 10).map { String(decoding: $0.dropLast(), as: UTF8.self) }
                    chunked += count
                    try expect(chunked <= size, "more chunks than message")
                    try expect(
                        lines.last == "BDAT \(count)\(chunked == size ? " LAST" : "")", "not BDAT with its length: \(lines.last ?? "")")
                    try expect(!lines.contains("DATA") && lines.dropLast().allSatisfy { !$0.hasPrefix("BDAT") }, "two ends: \(lines)")
                    if random.oneIn(4) { return }
                    client.messageSent()
                    return
                case .sendMessage:
                    if random.oneIn(4) { return }
                    client.messageSent()
                    return
                case .finished(let outcomes, closes: true):
                    try expect(outcomes.count == expected, "\(outcomes.count) outcomes for \(expected)")
                    isOpen = false
                    return
                case .failed, .close:
                    isOpen = false
                    return
                }
            }
        }
        for result in results where isOpen {
            switch result {
            case .reply(let reply):
                let hasMore = random.oneIn(8)
                let action = client.received(reply, hasMore: hasMore)
                if hasMore { try expectNothingSent(action) }
                try carryOut(action)
            case .malformed(let why): try carryOut(client.lost(why))
            case .incomplete: break
            }
        }
        if isOpen { try carryOut(client.lost("closed")) }
        try expect(!isOpen, "a connection that is gone is still open")
    }
}
