/// Something that one server or another takes for the end of a message (SMTP smuggling), with a second transaction behind it that must never
/// come to be. Used against the pure machine and, through the running gateway, against a next hop that ends a message at any of them.
public struct SmugglingVariant: Sendable, CustomStringConvertible {
    /// What the gateway makes of the message by default.
    public enum Outcome: String, Sendable {
        /// 550: a CR or LF stands alone, or there is a NUL.
        case refused
        /// 250: ordinary text within one message.
        case text
        /// It contains a true CR LF . CR LF: the message before it is refused for what else is in it, and what follows is the client's own
        /// next transaction.
        case refusedThenEnd
        /// The true end itself: two messages, by right.
        case end
    }

    public let sequence: String
    public let outcome: Outcome
    /// A NUL is refused in `normalize` mode as well.
    public var hasNUL: Bool { sequence.utf8.contains(0) }
    public var isTrueEnd: Bool { outcome == .end || outcome == .refusedThenEnd }

    /// `\r\n.\n`, as the tables write it.
    public var description: String {
        sequence.unicodeScalars.map { scalar in
            switch scalar {
            case "\r": "\\r"
            case "\n": "\\n"
            case " ": "␠"
            case "\t": "\\t"
            case let other where other.value < 32 || other.value > 126: "\\u{\(String(other.value, radix: 16, uppercase: true))}"
            default: String(scalar)
            }
        }.joined()
    }

    private init(_ sequence: String, _ outcome: Outcome) {
        self.sequence = sequence
        self.outcome = outcome
    }

    /// Behind it comes a line of its own.
    public static let all: [SmugglingVariant] =
        [
            // Any mixture of CR, LF and CR LF around the dot, but the true one.
            "\n.\n", "\n.\r", "\n.\r\n", "\r.\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n\r.\n\r", "\r\n.\n\r", "\n\r.\r\n",
            // CR CR LF, which some servers read as one line end.
            "\r\r\n.\r\r\n", "\r\n.\r\r\n", "\r\r\n.\n", "\n\n.\n\n", "\r\r.\r\r", "\r\n\n.\n", "\r\n\r.\r",
            // NUL, which some servers drop.
            "\r\0\n.\r\n", "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\n.\r\0\n", "\r\n.\0\n", "\n\0.\n", "\0\n.\n", "\r\n\0.\0\r\n", "\r\0\n.\r\0\n",
            // Dots that are stuffed, and ends that appear where one dot is taken away.
            "\n..\n", "\n..\r\n", "\r\n..\n", "\r\n..\r", "\r..\r", "\r..\r\n", "\r\n.\n.\r\n", "\r\n.\r.\r\n", "\r\n..\n.\n",
            "\r\n.\n..\n",
        ].map { SmugglingVariant($0, .refused) }
        + [
            // Text: nothing there that a server may take for a line end.
            "\r\n..\r\n", "\r\n...\r\n", "\r\n. \r\n", "\r\n.\t\r\n", "\r\n .\r\n", "\u{B}.\u{B}", "\u{C}.\u{C}",
            "\u{85}.\u{85}", "\u{2028}.\u{2028}", "\r\n\u{2024}\r\n", "\r\n\u{FF0E}\r\n", "\r\n.\u{200B}\r\n", "\r\n\u{FEFF}.\r\n",
            "\u{8}\r\n.\u{8}\r\n",
        ].map { SmugglingVariant($0, .text) }
        + ["\r\r\n.\r\n", "\n\r\n.\r\n", "\r\r\r\n.\r\n", "\0\r\n.\r\n", "\r\n.\r\r\n.\r\n", "\r\n.\n\r\n.\r\n"].map {
            SmugglingVariant($0, .refusedThenEnd)
        }
        + ["\r\n.\r\n", "\r\n\r\n.\r\n"].map { SmugglingVariant($0, .end) }

    /// What stands before the sequence.
    public enum Place: String, CaseIterable, Sendable {
        case body, header, start

        func text(_ subject: String) -> String {
            switch self {
            case .body: "Subject: \(subject)\r\n\r\nfirst"
            case .header: "Subject: \(subject)"
            case .start: ""
            }
        }
    }

    public static let smuggler = "smuggler@evil.example"

    /// A message, the sequence, and a whole second transaction.
    public func stream(_ place: Place = .body, subject: String = "first", recipient: String = "user@example.com") -> [UInt8] {
        Array((place.text(subject) + sequence + Self.second(recipient)).utf8)
    }

    /// Where the sequence lies in the stream, with a byte on each side.
    public func cuts(_ place: Place = .body, subject: String = "first") -> ClosedRange<Int> {
        let start = place.text(subject).utf8.count
        return max(start - 1, 0)...(start + sequence.utf8.count + 1)
    }

    private static func second(_ recipient: String) -> String {
        "MAIL FROM:<\(smuggler)>\r\nRCPT TO:<\(recipient)>\r\nDATA\r\nSubject: smuggled\r\n\r\nsmuggled\r\n.\r\n"
    }
}
