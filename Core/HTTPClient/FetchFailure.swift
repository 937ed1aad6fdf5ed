import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Says in a few words why a request got no answer.
enum FetchFailure {
    static func text(_ error: any Error) -> String {
        switch error {
        case let failure as HostLookup.Failure: return failure.text
        case let error as IOError: return word(error.errnoCode)
        case ChannelError.connectTimeout: return "connect timed out"
        case ChannelError.inputClosed, ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed:
            return "the server closed the connection"
        case let error as NIOConnectionError: return error.connectionErrors.first.map { text($0.error) } ?? "connect failed"
        case let error as HTTPParserError: return "not HTTP: \(oneLine("\(error)"))"
        case NIOSSLError.uncleanShutdown: return "the server cut the TLS connection off"
        case let error: return "TLS: \(oneLine("\(error)"))"
        }
    }

    private static func word(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "the server reset the connection"
        case ETIMEDOUT: "connect timed out"
        case EHOSTUNREACH, ENETUNREACH: "no route to it"
        default: "system error \(code)"
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(decoding: text.utf8.prefix(300).map { $0 < 32 ? 32 : $0 }, as: UTF8.self)
    }
}
