import Mail
import SMTP

/// What a session of the harness may do, from the input's first byte; with limits so small that inputs of some kilobytes reach them.
struct SessionSetup {
    var limits = Limits()
    var options = ServerOptions()
    var isImplicitTLS = false
    /// Every question is answered well.
    var isFriendly = false
    /// It may be ended from outside at any time.
    var isInterrupted = false

    init(_ bits: UInt8) {
        let isStrict = bits & 1 == 0
        limits.messageSize = 600
        limits.textLine = 120
        limits.commandLine = 160
        limits.recipients = 3
        limits.errors = isStrict ? 8 : 1000
        limits.idleCommands = isStrict ? 8 : 1000
        limits.transactions = isStrict ? 3 : 1000
        options.offersTLS = bits & 2 != 0
        options.requiresTLS = bits & 6 == 6
        isImplicitTLS = bits & 6 == 4
        isInterrupted = bits & 8 != 0
        options.isLMTP = bits & 16 != 0
        options.normalizesLineEnds = bits & 32 != 0
        if bits & 64 != 0 { options.authentication = isStrict ? .optional : .required }
        options.allowsXCLIENT = bits & 128 != 0
    }
}
