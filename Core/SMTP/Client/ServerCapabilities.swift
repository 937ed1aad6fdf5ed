import Mail

/// What a server offers in its EHLO reply (RFC 5321 section 4.1.1.1). What we do not use is not kept.
public struct ServerCapabilities: Hashable, Sendable {
    public var hasSTARTTLS = false  // RFC 3207
    public var hasPipelining = false  // RFC 2920
    public var hasSize = false  // RFC 1870
    /// Bytes of the largest message; nil when none is stated.
    public var mostBytes: Int?
    public var has8BitMIME = false  // RFC 6152
    public var hasSMTPUTF8 = false  // RFC 6531
    public var hasDSN = false  // RFC 3461
    public var hasChunking = false  // RFC 3030

    /// After HELO: nothing.
    public init() {}

    public init(ehlo reply: Reply) {
        for line in reply.lines.dropFirst() {
            // `SIZE=` instead of `SIZE ` is an old habit of some servers.
            let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "=" })
            switch words.first?.uppercased() {
            case "STARTTLS": hasSTARTTLS = true
            case "PIPELINING": hasPipelining = true
            case "8BITMIME": has8BitMIME = true
            case "SMTPUTF8": hasSMTPUTF8 = true
            case "DSN": hasDSN = true
            case "CHUNKING": hasChunking = true
            case "SIZE":
                hasSize = true
                if words.count > 1, let most = Int(words[1]), most > 0 { mostBytes = most }
            default: break
            }
        }
    }
}
