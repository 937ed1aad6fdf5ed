import Mail

/// Reads one command line (RFC 5321 section 4.1.1). Allocates only for the names and addresses that it returns.
public enum CommandParser {
    /// `line` comes without its CR LF. Spaces at its end are forgiven, since many clients send them.
    public static func parse(_ line: UnsafeRawBufferPointer) throws(CommandFault) -> Command {
        var end = line.count
        while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: line[..<end]))
        let verbLength = cursor.takeWhile { $0 != UInt8(ascii: " ") }
        let isPlain = try checkCharacters(cursor.bytes)
        guard let verb = Verb(cursor.slice(from: 0, to: verbLength)) else { throw isPlain ? .unknown : .characters }
        guard verb.isImplemented else { throw .notImplemented }
        guard isPlain || verb == .mail || verb == .rcpt else { throw .characters }
        cursor.skipSpaces()
        switch verb {
        case .mail, .rcpt:
            guard isPlain else { throw .internationalAddress }
            return verb == .mail ? try mail(&cursor) : try recipient(&cursor)
        case .ehlo, .helo: return .hello(name: try clientName(&cursor, verb), isExtended: verb == .ehlo)
        case .noop: return .noop
        case .vrfy:
            guard !cursor.isAtEnd else { throw .arguments(verb) }
            return .verify
        default: break
        }
        guard cursor.isAtEnd else { throw .arguments(verb) }
        switch verb {
        case .data: return .data
        case .rset: return .reset
        case .quit: return .quit
        case .startTLS: return .startTLS
        default: throw .notImplemented
        }
    }

    /// False when there are 8-bit characters.
    private static func checkCharacters(_ bytes: UnsafeRawBufferPointer) throws(CommandFault) -> Bool {
        var all: UInt8 = 0
        for byte in bytes {
            if byte < 32 || byte == 127 { throw .characters }
            all |= byte
        }
        return all < 128
    }

    /// A domain or an address literal in shape. What it says is the filters' business (RFC 5321 section 4.1.4 forbids refusing for a name that
    /// does not resolve); `_` is no host name's but common in Windows networks.
    private static func clientName(_ cursor: inout ByteCursor, _ verb: Verb) throws(CommandFault) -> String {
        let start = cursor.at
        let count = cursor.takeWhile {
            $0.isLetterOrDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":")
                || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
        }
        guard count > 0, count <= AddressGrammar.longestDomain, cursor.isAtEnd else { throw .arguments(verb) }
        return cursor.string(from: start)
    }

    private static func mail(_ cursor: inout ByteCursor) throws(CommandFault) -> Command {
        guard cursor.take(word: "FROM:") else { throw .arguments(.mail) }
        cursor.skipSpaces()
        var envelope: Envelope
        switch AddressGrammar.path(&cursor) {
        case .null?: envelope = Envelope(reversePath: .null)
        case .mailbox(let address)?: envelope = Envelope(reversePath: .address(address))
        case .localOnly?, nil: throw .sender
        }
        guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw .sender }
        try MailParameters.read(&cursor, into: &envelope)
        return .mail(envelope)
    }

    private static func recipient(_ cursor: inout ByteCursor) throws(CommandFault) -> Command {
        guard cursor.take(word: "TO:") else { throw .arguments(.rcpt) }
        cursor.skipSpaces()
        let address: EmailAddress
        switch AddressGrammar.path(&cursor) {
        case .mailbox(let mailbox)?: address = mailbox
        case .localOnly(let name)? where name.lowercased() == "postmaster": address = EmailAddress(localPart: name, domain: "")
        default: throw .recipient
        }
        guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw .recipient }
        cursor.skipSpaces()
        // No extension that we announce has parameters for RCPT.
        guard cursor.isAtEnd else { throw .parameter }
        return .recipient(address)
    }
}
