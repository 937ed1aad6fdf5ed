/// Where an HTTP server is: scheme, host and port (RFC 9110 section 4.3.1).
public struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
    /// https
    public var isTLS: Bool
    /// A name in lower case, without final dot; or an address in its one spelling, without brackets.
    public var host: String
    public var port: Int

    public init(isTLS: Bool, host: String, port: Int) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
    }

    /// As in the field Host: the port where it is not the scheme's own.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == Self.port(isTLS) ? name : "\(name):\(port)"
    }

    public var description: String { (isTLS ? "https://" : "http://") + authority }

    public static func port(_ isTLS: Bool) -> Int { isTLS ? 443 : 80 }
}

/// An `http` or `https` URL as a request needs it. ASCII; no user, no fragment.
public struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    public let origin: HTTPOrigin
    /// Path and query; begins with `/`.
    public let target: String

    public static let mostBytes = 8192

    public var description: String { "\(origin)\(target)" }

    /// nil for what is not one.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.mostBytes, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.refused.contains($0) }) else {
            return nil
        }
        guard let (isTLS, rest) = Self.scheme(of: Substring(text)) else { return nil }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.hostAndPort(rest[..<end]), let name = Self.host(host) else { return nil }
        guard let number = port.map({ Self.port($0) }) ?? HTTPOrigin.port(isTLS) else { return nil }
        origin = HTTPOrigin(isTLS: isTLS, host: name, port: number)
        let path = rest[end...]
        target = path.first == "/" ? String(path) : "/" + path
        // Its one spelling can be read again.
        if description.utf8.count > Self.mostBytes { return nil }
    }

    /// A fragment would be cut off unseen; the others are in no URL (RFC 3986 appendix A).
    private static let refused = Set("#\"<>\\^`{|}".utf8)

    static func scheme(of text: Substring) -> (isTLS: Bool, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let rest = text[text.index(colon, offsetBy: 3)...]
        switch text[..<colon].lowercased() {
        case "http": return (false, rest)
        case "https": return (true, rest)
        default: return nil
        }
    }

    /// `[::1]:80` and `name:80`; the port is nil where there is none.
    static func hostAndPort(_ text: Substring) -> (host: Substring, port: Substring?)? {
        var after = text
        var host = text
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[...close]
            after = text[text.index(after: close)...]
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            after = text[colon...]
        }
        if after.isEmpty { return (host, nil) }
        return after.first == ":" ? (host, after.dropFirst()) : nil
    }

    static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(text), (1...65535).contains(port) else { return nil }
        return port
    }

    /// The host's one spelling; nil for what is none.
    static func host(_ text: Substring) -> String? {
        if text.first == "[" {
            guard let address = IPAddress(text.dropFirst().dropLast()), text.contains(":") else { return nil }
            return address.description
        }
        if let address = IPAddress(text) { return address.isIPv4 ? address.description : nil }
        let name = text.hasSuffix(".") ? text.dropLast() : text
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x5F }
        }
        // A last label of digits only is an address in some other spelling.
        guard isName, name.utf8.count <= 253, labels.last?.utf8.allSatisfy({ (48...57).contains($0) }) == false else { return nil }
        return name.lowercased()
    }
}
