import Mail
import SMTP

/// A whole session: any bytes, in any pieces, with random answers. Without TLS and interruptions it must go the same way in every split.
enum SessionTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let input = FuzzInput(bytes) else { return }
        let setup = SessionSetup(input.options)
        let split = try SessionDriver(setup, input.choices)
        var random = input.choices
        for piece in input.pieces {
            try split.receive(piece)
            if setup.isInterrupted, random.oneIn(10) { try split.interrupt() }
        }
        if setup.isInterrupted || setup.options.offersTLS { return }
        let whole = try SessionDriver(setup, input.choices)
        try whole.receive(input.bytes)
        try expect(whole.messages == split.messages, "split, the messages differ")
        try expect(whole.replyClasses == split.replyClasses, "split, the replies differ: \(text(split.output)) and \(text(whole.output))")
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
