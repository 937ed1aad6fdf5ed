/// One line of a manifest's `egress`: which HTTP servers a plugin may ask.
///
///     https://api.example.com     that server, on the scheme's own port
///     https://*.example.com:*     any name below it, on any port
///     http://127.0.0.1:8080       that address
///     https://*                   any name and address that is public
///     {/server}                   those that the setting at this JSON pointer (RFC 6901) names: a URL, or a list of them
public enum EgressRule: Hashable, Sendable {
    case servers(Pattern)
    case setting(pointer: String)

    public struct Pattern: Hashable, Sendable {
        public var isTLS: Bool
        public var host: Host
        /// nil: any.
        public var port: Int?
    }

    public enum Host: Hashable, Sendable {
        case one(String)
        /// Names that end in a dot and this.
        case below(String)
        case any
    }

    /// nil for what is no rule.
    public init?(_ text: String) {
        if text.first == "{" {
            guard text.last == "}", text.utf8.count <= 200 else { return nil }
            let pointer = String(text.dropFirst().dropLast())
            guard pointer.first == "/" else { return nil }
            self = .setting(pointer: pointer)
            return
        }
        guard let (isTLS, rest) = HTTPURL.scheme(of: Substring(text)), let (host, port) = HTTPURL.hostAndPort(rest) else { return nil }
        var number: Int? = HTTPOrigin.port(isTLS)
        if let port {
            number = port == "*" ? nil : HTTPURL.port(port)
            if port != "*", number == nil { return nil }
        }
        let pattern: Host
        if host == "*" {
            pattern = .any
        } else if host.hasPrefix("*.") {
            guard let name = HTTPURL.host(host.dropFirst(2)), IPAddress(name) == nil else { return nil }
            pattern = .below(name)
        } else {
            guard let name = HTTPURL.host(host) else { return nil }
            pattern = .one(name)
        }
        self = .servers(Pattern(isTLS: isTLS, host: pattern, port: number))
    }
}

/// The servers that one instance of a plugin may ask: its manifest's rules, with its settings put in.
public struct Egress: Hashable, Sendable {
    private let patterns: [EgressRule.Pattern]
    /// From the settings.
    private let operators: Set<HTTPOrigin>

    public init(_ rules: [EgressRule], settings: JSONValue) {
        var patterns: [EgressRule.Pattern] = []
        var operators: Set<HTTPOrigin> = []
        for rule in rules {
            switch rule {
            case .servers(let pattern): patterns.append(pattern)
            case .setting(let pointer):
                let found = settings.value(at: pointer)
                for text in found?.array?.compactMap(\.string) ?? [found?.string].compactMap({ $0 }) {
                    if let url = HTTPURL(text) { operators.insert(url.origin) }
                }
            }
        }
        self.patterns = patterns
        self.operators = operators
    }

    /// nil: this server may not be asked.
    public func reach(of origin: HTTPOrigin) -> HTTPReach? {
        if operators.contains(origin) { return .anyAddress }
        let address = IPAddress(origin.host)
        for pattern in patterns where pattern.isTLS == origin.isTLS && (pattern.port ?? origin.port) == origin.port {
            switch pattern.host {
            case .one(origin.host): return address == nil && origin.host != "localhost" ? .publicAddresses : .anyAddress
            case .below(let name): if address == nil, origin.host.hasSuffix("." + name) { return .publicAddresses }
            case .any: return .publicAddresses
            case .one: break
            }
        }
        return nil
    }
}

extension JSONValue {
    /// What a JSON pointer (RFC 6901) leads to.
    public func value(at pointer: String) -> JSONValue? {
        if pointer.isEmpty { return self }
        var value = self
        for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if let items = value.array {
                guard let index = Int(part), items.indices.contains(index) else { return nil }
                value = items[index]
            } else {
                guard let member = value[Self.unescaped(part)] else { return nil }
                value = member
            }
        }
        return value
    }

    /// `~1` is a slash, `~0` a tilde.
    private static func unescaped(_ part: Substring) -> String {
        var out = ""
        var isEscape = false
        for scalar in part.unicodeScalars {
            if isEscape {
                out.unicodeScalars.append(scalar == "1" ? "/" : "~")
                isEscape = false
            } else if scalar == "~" {
                isEscape = true
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
