import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Says in a few words why a connection failed: `connection refused`, `connect timed out`, `certificate verify failed`.
enum FailureText {
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as IOError: return word(error.errnoCode)
        case ChannelError.connectTimeout: return "connect timed out"
        case ChannelError.inputClosed, ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed:
            return "the next hop closed the connection"
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { of($0.error) } ?? "connect failed"
        case NIOSSLError.uncleanShutdown: return "the next hop cut the TLS connection off"
        case let error: return "TLS: \(oneLine("\(error)"))"
        }
    }

    /// True when there may be no way to addresses of this family at all, or none from an address of ours.
    static func isNoRoute(_ error: any Error) -> Bool {
        switch error {
        case let error as IOError: [ENETUNREACH, EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.errnoCode)
        case let error as NIOConnectionError: error.connectionErrors.first.map { isNoRoute($0.error) } ?? false
        default: false
        }
    }

    /// Of this gateway: no descriptor, no memory for a socket, no local port or address. It says nothing of the server.
    static func isOurLack(_ error: any Error) -> Bool {
        switch error {
        case let error as IOError: [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(error.errnoCode)
        case let error as NIOConnectionError: error.connectionErrors.first.map { isOurLack($0.error) } ?? false
        default: false
        }
    }

    private static func word(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "the next hop reset the connection"
        case ETIMEDOUT: "connect timed out"
        case EHOSTUNREACH, ENETUNREACH: "no route to it"
        case ENOENT: "no such socket"
        case EMFILE, ENFILE: "this gateway has no file descriptor left for a connection"
        case ENOBUFS, ENOMEM: "this gateway has no memory left for a connection"
        case EADDRNOTAVAIL: "this gateway has no port left, or no address, for a connection"
        case EAFNOSUPPORT: "this gateway has no such addresses"
        case EACCES: "permission denied"
        default: "system error \(code)"
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(decoding: text.utf8.prefix(300).map { $0 < 32 ? 32 : $0 }, as: UTF8.self)
    }
}
