import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on this machine that takes mail as told: well-behaved (PIPELINING, SIZE, 8BITMIME) where the script says nothing, and as bad as
/// the script says elsewhere. LHLO makes it one for LMTP. Keeps what it heard.
public final class ScriptedNextHop: Sendable {
    /// What it answers to.
    public enum Moment: Sendable, Hashable {
        case connected
        /// A command line without CR LF.
        case command(String)
        /// So many bytes of the message have come in one session; not yet its end.
        case bytes(Int)
        case endOfData

        /// The verb in upper case, or empty.
        public var verb: String {
            guard case .command(let line) = self else { return "" }
            return line.split(separator: " ").first?.uppercased() ?? ""
        }
    }

    public enum Step: Sendable {
        /// Lines are parted by CR LF; the last one is added.
        case reply(String)
        case replyThenClose(String)
        /// This, and nothing ever after.
        case replyThenStall(String)
        case close
        /// Says nothing, ever.
        case stall
        /// No reply, and all goes on.
        case nothing
        /// The same bytes ten times a second, for ever.
        case drip(String)
        /// The same line for ever, as fast as it is read.
        case endless(String)
        /// This reply, then the TLS handshake.
        case startTLS(String)
        /// This reply, and then what is no TLS to whatever comes.
        case brokenTLS(String)
        /// `220` and then these bytes in the same segment.
        case injected([UInt8])
    }

    public struct Message: Sendable {
        public var session: Int
        public var isEncrypted: Bool
        /// The command lines since the message before.
        public var commands: [String]
        /// Without dot-stuffing and end of data.
        public var bytes: [UInt8]
    }

    struct Heard {
        var sessions = 0
        var commands: [String] = []
        var messages: [Message] = []
        /// Number of reads: what came together.
        var reads: [String] = []
    }

    private let channel: any Channel
    private let heard: Heard.Box

    public let port: Int

    /// `extensions` are announced beside its own; of these it knows CHUNKING. `socket`: a Unix socket's path instead of host and port.
    /// `script` gets the session's number (from 1) and the moment; nil: behave.
    public init(
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, tls: NIOSSLContext? = nil, extensions: [String] = [],
        host: String = "127.0.0.1", port: Int = 0, socket: String? = nil,
        script: @escaping @Sendable (Int, Moment) -> Step? = { _, _ in nil }
    ) async throws {
        let heard = Heard.Box()
        self.heard = heard
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let session = heard.state.withLock {
                        $0.sessions += 1
                        return $0.sessions
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        ScriptedSession(session: session, tls: tls, extensions: extensions, script: script, heard: heard))
                }
            }
        channel =
            try await (socket.map { bootstrap.bind(unixDomainSocketPath: $0) } ?? bootstrap.bind(host: host, port: port)).get()
        self.port = channel.localAddress!.port ?? 0
    }

    public func close() async { try? await channel.close() }

    public var sessions: Int { heard.state.withLock { $0.sessions } }
    public var commands: [String] { heard.state.withLock { $0.commands } }
    public var messages: [Message] { heard.state.withLock { $0.messages } }
    /// What each read brought, in order.
    public var reads: [String] { heard.state.withLock { $0.reads } }
}

extension ScriptedNextHop.Heard {
    final class Box: Sendable {
        let state = Mutex(ScriptedNextHop.Heard())
    }
}
