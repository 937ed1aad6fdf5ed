/// A parsed URL (URL standard, section 4.1).
public struct URLRecord: Hashable, Sendable {
    public enum Path: Hashable, Sendable {
        /// Of `mailto:` and the like.
        case opaque(String)
        case list([String])
    }

    /// Lower case, without the colon.
    public internal(set) var scheme = ""
    /// Percent-encoded, as are the next ones.
    public internal(set) var username = ""
    public internal(set) var password = ""
    public internal(set) var host: URLHost?
    /// nil: none, or the scheme's own.
    public internal(set) var port: UInt16?
    public internal(set) var path = Path.list([])
    public internal(set) var query: String?
    public internal(set) var fragment: String?

    /// Section 4.2: schemes whose URLs always have a host, and their ports.
    public static let specialPorts: [String: UInt16?] = ["ftp": 21, "file": nil as UInt16?, "http": 80, "https": 443, "ws": 80, "wss": 443]

    public var isSpecial: Bool {
        switch scheme {
        case "https", "http", "file", "ftp", "ws", "wss": true
        default: false
        }
    }

    public var hasOpaquePath: Bool {
        if case .opaque = path { true } else { false }
    }

    /// Section 4.5: a second parse gives the same record.
    public var serialized: String { text(path: pathText, query: query) }

    /// The serialized form with the given path and query.
    func text(path: String, query: String?) -> String {
        var text = scheme + ":"
        if let host {
            text += "//"
            if !username.isEmpty || !password.isEmpty {
                text += username
                if !password.isEmpty { text += ":" + password }
                text += "@"
            }
            text += host.serialized
            if let port { text += ":\(port)" }
        } else if case .list(let segments) = self.path, segments.count > 1, segments[0].isEmpty {
            text += "/."
        }
        text += path
        if let query { text += "?" + query }
        if let fragment { text += "#" + fragment }
        return text
    }

    public var pathText: String {
        switch path {
        case .opaque(let text): text
        case .list(let segments): segments.isEmpty ? "" : "/" + segments.joined(separator: "/")
        }
    }
}
