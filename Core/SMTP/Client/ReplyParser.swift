import Mail

/// Reads a server's replies from a stream of bytes (RFC 5321 section 4.2, RFC 2034). The server is hostile: a line, a reply's number of
/// lines and its size are all bounded, so that an endless reply ends the connection and not our memory.
public struct ReplyParser: Sendable {
    public enum Result: Equatable, Sendable {
        case reply(Reply)
        /// All bytes are consumed; the reply is not complete.
        case incomplete
        /// Not SMTP, or past a bound: close. One line for the log. Every later call says the same.
        case malformed(String)
    }

    /// Bytes of one line. RFC 5321 section 4.5.3.1.5 says 512; servers with long policy texts pass it.
    public static let mostLineBytes = 2048
    /// Lines of one reply: an EHLO reply has a few dozen at most.
    public static let mostLines = 128
    /// Bytes of one reply.
    public static let mostBytes = 32 << 10

    /// The beginning of a line whose end has not come.
    private var partial: [UInt8] = []
    /// The first line's code, 0 before it.
    private var code = 0
    private var lines: [String] = []
    private var size = 0
    private var fault: String?

    public init() {}

    /// True when a reply has begun and not ended.
    public var isInsideReply: Bool { !partial.isEmpty || code != 0 }

    /// Takes bytes from `consumed` on and moves it up: to the reply's end, else to the end of `bytes`.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> Result {
        if let fault { return .malformed(fault) }
        while let end = bytes[consumed...].firstIndex(of: 10) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[consumed..<end])
            consumed = end + 1
            let result: Result
            if partial.isEmpty {
                result = take(line)
            } else {
                var whole = partial
                whole.append(contentsOf: line)
                partial.removeAll(keepingCapacity: true)
                result = whole.withUnsafeBytes { take($0) }
            }
            if result != .incomplete { return result }
        }
        partial.append(contentsOf: bytes[consumed...].prefix(Self.mostLineBytes + 1))
        consumed = bytes.count
        return partial.count > Self.mostLineBytes ? refuse("a reply line of more than \(Self.mostLineBytes) bytes") : .incomplete
    }

    /// One line without its LF; a CR before it is optional.
    private mutating func take(_ raw: UnsafeRawBufferPointer) -> Result {
        let line = raw.last == 13 ? raw.dropLast() : raw[...]
        size += raw.count
        guard line.count <= Self.mostLineBytes else { return refuse("a reply line of more than \(Self.mostLineBytes) bytes") }
        guard size <= Self.mostBytes, lines.count < Self.mostLines else {
            return refuse("an endless reply: more than \(Self.mostLines) lines or \(Self.mostBytes) bytes")
        }
        guard line.count >= 3, let digits = Self.number(line.prefix(3)), (200..<600).contains(digits), code == 0 || code == digits,
            line.count == 3 || line[line.startIndex + 3] == 32 || line[line.startIndex + 3] == 45
        else { return refuse("not an SMTP reply: \(Self.text(line.prefix(80)))") }
        code = digits
        lines.append(Self.text(line.dropFirst(4)))
        if line.count > 3, line[line.startIndex + 3] == 45 { return .incomplete }

        let reply = Self.reply(code: code, lines: lines)
        lines = []
        code = 0
        size = 0
        return .reply(reply)
    }

    private mutating func refuse(_ why: String) -> Result {
        fault = why
        partial = []
        lines = []
        return .malformed(why)
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    /// The line's text; bytes that would harm a log or a terminal become `?`.
    private static func text(_ bytes: some Collection<UInt8>) -> String {
        if bytes.contains(where: { $0 < 32 || $0 == 127 }) {
            return String(decoding: bytes.map { $0 == 9 ? 32 : $0 < 32 || $0 == 127 ? 63 : $0 }, as: UTF8.self)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes the enhanced code out of the text when it is there and of the same class as the code.
    private static func reply(code: Int, lines: [String]) -> Reply {
        guard let first = lines.first, let (status, _) = enhanced(first, code) else { return Reply(ReplyStatus(bare: code), lines: lines) }
        return Reply(
            status,
            lines: lines.map { line in
                guard let (own, length) = enhanced(line, code), own == status else { return line }
                return String(line.utf8.dropFirst(length))!
            })
    }

    /// `2.1.5 text`: the status and the bytes that it takes with the space behind it.
    private static func enhanced(_ line: String, _ code: Int) -> (ReplyStatus, Int)? {
        var line = line
        return line.withUTF8 { text in
            guard text.count >= 5, Int(text[0]) - 48 == code / 100, code / 100 != 3, text[1] == 46 else { return nil }
            var at = 2
            func number() -> Int? {
                let start = at
                while at < text.count, at - start < 3, (48...57).contains(text[at]) { at += 1 }
                return at == start ? nil : Self.number(text[start..<at])
            }
            guard let subject = number(), at < text.count, text[at] == 46 else { return nil }
            at += 1
            guard let detail = number() else { return nil }
            if at == text.count { return (ReplyStatus(code, subject, detail), at) }
            return text[at] == 32 ? (ReplyStatus(code, subject, detail), at + 1) : nil
        }
    }
}
