import Mail
import SMTP

/// A message's bytes after DATA or in chunks, and what a client says behind them: the same in every split.
enum DataTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let input = FuzzInput(bytes) else { return }
        var setup = SessionSetup(input.options & 0b110001)
        setup.isFriendly = true
        let hello = setup.options.isLMTP ? "LHLO" : "EHLO"
        var begin = Array("\(hello) c.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n".utf8)
        let inChunks = input.options & 2 != 0
        if !inChunks { begin += "DATA\r\n".utf8 }
        var results: [SessionDriver] = []
        for pieces in [input.pieces, [input.bytes[...]]] {
            let session = try SessionDriver(setup, input.choices)
            try session.receive(begin)
            if inChunks { pieces.count == 1 ? try session.receive(chunk(pieces[0], isLast: true)) : try send(pieces, to: session) }
            if !inChunks { for piece in pieces { try session.receive(piece) } }
            results.append(session)
        }
        try expect(results[0].messages == results[1].messages, "split, the messages differ")
        if inChunks { return }
        let texts = results.map { SessionTarget.text($0.output) }
        try expect(results[0].replyClasses == results[1].replyClasses, "split, the replies differ: \(texts)")
        guard let end = PlainReading.end(of: input.bytes[...]) else {
            return try expect(results[0].messages.isEmpty, "a message without an end")
        }
        try expect(results[0].messages.count <= 1 + input.bytes[end...].count / 10, "more messages than could begin")
    }

    /// Each piece is a chunk.
    private static func send(_ pieces: [ArraySlice<UInt8>], to session: SessionDriver) throws(Finding) {
        for piece in pieces { try session.receive(chunk(piece, isLast: false)) }
        try session.receive("BDAT 0 LAST\r\n".utf8)
    }

    private static func chunk(_ bytes: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        Array("BDAT \(bytes.count)\(isLast ? " LAST" : "")\r\n".utf8) + bytes
    }
}
