import ArgumentParser
import Mail
import SMTP

/// Arguments as typed values; what they are not is a usage error.
enum Parse {
    static func client(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw ValidationError("'\(text)' is no IP address") }
        return address
    }

    static func mailbox(_ text: String) throws -> EmailAddress {
        guard let address = EmailAddress(mailbox: bare(text)) else {
            throw ValidationError("'\(text)' is no address: give one as in user@example.com")
        }
        return address
    }

    static func reversePath(_ text: String) throws -> ReversePath {
        bare(text).isEmpty ? .null : .address(try mailbox(text))
    }

    static func time(_ text: String) throws -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else { throw ValidationError("'\(text)' is no time: give one as 2026-11-21T22:10:57Z") }
        return time
    }

    /// `host:port`, `[v6]:port`; both parts must be there.
    static func endpoint(_ text: String) throws -> Endpoint {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw ValidationError("'\(text)' is no host:port")
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        if host.isEmpty { throw ValidationError("'\(text)' has no host") }
        return Endpoint(host: String(host), port: Int(port))
    }

    private static func bare(_ text: String) -> Substring {
        text.first == "<" && text.last == ">" ? text.dropFirst().dropLast() : text[...]
    }
}

struct Endpoint: CustomStringConvertible {
    var host: String
    var port: Int
    var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
