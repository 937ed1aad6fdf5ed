import Glibc
import NIOCore
import NIOSSL

/// One session of a `ScriptedNextHop`; bound to its channel's loop.
final class ScriptedSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let session: Int
    private let tls: NIOSSLContext?
    private let extensions: [String]
    private let script: @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step?
    private let heard: ScriptedNextHop.Heard.Box

    private var line: [UInt8] = []
    private var isInData = false
    private var isEncrypted = false
    private var isStalled = false
    private var isBroken = false
    private var recipients = 0
    private var commands: [String] = []
    private var message: [UInt8] = []
    private var endless: String?
    private var isLMTP = false
    /// Bytes that are left of the chunk under way, and what to do at its end.
    private var chunkLeft = 0
    private var chunkCommand = ""

    init(
        session: Int, tls: NIOSSLContext?, extensions: [String],
        script: @escaping @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step?,
        heard: ScriptedNextHop.Heard.Box
    ) {
        self.session = session
        self.tls = tls
        self.extensions = extensions
        self.script = script
        self.heard = heard
    }

    func channelActive(context: ChannelHandlerContext) { react(.connected, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        heard.state.withLock { $0.reads.append(String(decoding: bytes.prefix(4096), as: UTF8.self)) }
        if isBroken { return write(Array("this is no TLS\r\n".utf8), context) }
        var at = 0
        while at < bytes.count, !isStalled {
            if chunkLeft > 0 {
                let count = min(chunkLeft, bytes.count - at)
                message += bytes[at..<at + count]
                (at, chunkLeft) = (at + count, chunkLeft - count)
                if chunkLeft == 0 { endOfChunk(context) }
                continue
            }
            let rest = bytes.count - at
            let end = bytes.withUnsafeBytes { raw in
                memchr(raw.baseAddress! + at, 10, rest).map { $0 - UnsafeMutableRawPointer(mutating: raw.baseAddress!) }
            }
            let stop = end.map { $0 + 1 } ?? bytes.count
            line += bytes[at..<stop]
            at = stop
            if end != nil {
                take(line, context)
                line.removeAll(keepingCapacity: true)
            }
        }
        if isInData, !isStalled, let step = script(session, .bytes(message.count + line.count)) { carryOut(step, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

    private func take(_ line: [UInt8], _ context: ChannelHandlerContext) {
        if isInData {
            if line == [46, 13, 10] { return endOfData(context) }
            message += line.first == 46 ? line.dropFirst() : line[...]
            return
        }
        let text = String(decoding: line.dropLast(line.suffix(2) == [13, 10] ? 2 : 1), as: UTF8.self)
        commands.append(text)
        heard.state.withLock { $0.commands.append(text) }
        let words = text.split(separator: " ")
        if extensions.contains("CHUNKING"), words.first == "BDAT", words.count > 1, let count = Int(words[1]) {
            (chunkCommand, chunkLeft) = (text, count)
            if count == 0 { endOfChunk(context) }
            return
        }
        react(.command(text), context)
    }

    private func endOfChunk(_ context: ChannelHandlerContext) {
        guard recipients > 0 else {
            message = []
            return write(Array("503 5.5.1 no recipients\r\n".utf8), context)
        }
        if chunkCommand.hasSuffix(" LAST"), script(session, .command(chunkCommand)) == nil { return endOfData(context) }
        react(.command(chunkCommand), context)
    }

    private func endOfData(_ context: ChannelHandlerContext) {
        isInData = false
        let whole = ScriptedNextHop.Message(session: session, isEncrypted: isEncrypted, commands: commands, bytes: message)
        message = []
        commands = []
        heard.state.withLock { $0.messages.append(whole) }
        react(.endOfData, context)
    }

    private func react(_ moment: ScriptedNextHop.Moment, _ context: ChannelHandlerContext) {
        let step = script(session, moment) ?? proper(moment)
        if moment.verb == "RCPT", case .reply(let text) = step, text.hasPrefix("2") { recipients += 1 }
        if ["MAIL", "RSET"].contains(moment.verb) { (recipients, message) = (0, []) }
        if moment.verb == "DATA", case .reply(let text) = step, text.hasPrefix("354") { isInData = true }
        carryOut(step, context)
    }

    private func proper(_ moment: ScriptedNextHop.Moment) -> ScriptedNextHop.Step {
        switch moment.verb {
        case "":
            if case .connected = moment { return .reply("220 hop.example ESMTP") }
            return .reply(Array(repeating: "250 2.0.0 taken", count: isLMTP ? recipients : 1).joined(separator: "\r\n"))
        case "BDAT" where extensions.contains("CHUNKING"): return .reply("250 2.0.0 chunk taken")
        case "EHLO", "LHLO":
            isLMTP = moment.verb == "LHLO"
            let own = extensions.map { "250-\($0)\r\n" }.joined()
            let starttls = tls != nil && !isEncrypted ? "250-STARTTLS\r\n" : ""
            return .reply("250-hop.example\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n\(own)\(starttls)250 8BITMIME")
        case "HELO": return .reply("250 hop.example")
        case "STARTTLS": return .startTLS("220 2.0.0 go ahead")
        case "MAIL": return .reply("250 2.1.0 sender ok")
        case "RCPT": return .reply("250 2.1.5 recipient ok")
        case "DATA": return .reply(recipients > 0 ? "354 go on" : "503 5.5.1 no recipients")
        case "RSET": return .reply("250 2.0.0 reset")
        case "QUIT": return .replyThenClose("221 2.0.0 bye")
        default: return .reply("500 5.5.1 unknown")
        }
    }

    private func carryOut(_ step: ScriptedNextHop.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .reply(let text): write(Array((text + "\r\n").utf8), context)
        case .replyThenClose(let text):
            write(Array((text + "\r\n").utf8), context)
            isStalled = true
            context.close(promise: nil)
        case .replyThenStall(let text):
            write(Array((text + "\r\n").utf8), context)
            stall(context)
        case .close:
            isStalled = true
            context.close(promise: nil)
        case .stall: stall(context)
        case .nothing: break
        case .drip(let text):
            isStalled = true
            let channel = context.channel
            context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(100)) { task in
                if channel.isActive { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) } else { task.cancel() }
            }
        case .endless(let text):
            isStalled = true
            endless = text + "\r\n"
            pour(context)
        case .startTLS(let text):
            write(Array((text + "\r\n").utf8), context)
            guard let tls else { return }
            isEncrypted = true
            try? context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        case .brokenTLS(let text):
            isBroken = true
            write(Array((text + "\r\n").utf8), context)
        case .injected(let bytes): write(Array("220 2.0.0 go ahead\r\n".utf8) + bytes, context)
        }
    }

    /// Amid a message it reads no further either, so that the client's bytes stay where they are.
    private func stall(_ context: ChannelHandlerContext) {
        isStalled = true
        if isInData { _ = context.channel.setOption(.autoRead, value: false) }
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func pour(_ context: ChannelHandlerContext) {
        guard let endless else { return }
        var rounds = 0
        while context.channel.isActive, context.channel.isWritable, rounds < 10_000 {
            write(Array(endless.utf8), context)
            rounds += 1
        }
    }
}
