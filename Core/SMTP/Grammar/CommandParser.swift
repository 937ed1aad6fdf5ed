import Mail

/// Reads one command line (RFC 5321 section 4.1.1). Allocates only for the names and addresses that it returns.
public enum CommandParser {
    /// `line` comes without its CR LF. Spaces at its end are forgiven, since many clients send them. `offersAUTH`: MAIL may have AUTH=.
    public static func parse(_ line: UnsafeRawBufferPointer, offersAUTH: Bool = false) throws(CommandFault) -> Command {
        var end = line.count
        while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: line[..<end]))
        let verbLength = cursor.takeWhile { $0 != UInt8(ascii: " ") }
        let isPlain = try checkCharacters(cursor.bytes)
        guard let verb = Verb(cursor.slice(from: 0, to: verbLength)) else { throw isPlain ? .unknown : .characters }
        guard verb.isImplemented else { throw .notImplemented }
        guard isPlain || verb.mayHaveUTF8 && cursor.isUTF8 else { throw .characters }
        cursor.skipSpaces()
        switch verb {
        case .mail: return try mail(&cursor, isPlain: isPlain, offersAUTH: offersAUTH)
        case .rcpt: return try recipient(&cursor)
        case .bdat: return try chunk(&cursor)
        case .auth: return try authenticate(&cursor)
        case .xclient: return .client(try ClientAttribute.readAll(&cursor))
        case .ehlo, .helo, .lhlo:
            return .hello(name: try clientName(&cursor, verb), verb == .ehlo ? .ehlo : verb == .helo ? .helo : .lhlo)
        case .noop: return .noop
        case .help: return .help
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

    private static func mail(_ cursor: inout ByteCursor, isPlain: Bool, offersAUTH: Bool) throws(CommandFault) -> Command {
        guard cursor.take(word: "FROM:") else { throw .arguments(.mail) }
        cursor.skipSpaces()
        var envelope: Envelope
        switch AddressGrammar.path(&cursor) {
        case .null?: envelope = Envelope(reversePath: .null)
        case .mailbox(let address)?: envelope = Envelope(reversePath: .address(address))
        case .localOnly?, nil: throw .sender
        }
        guard cursor.isAtEnd || cursor.next == UInt8(ascii: " ") else { throw .sender }
        try MailParameters.read(&cursor, into: &envelope, offersAUTH: offersAUTH)
        guard isPlain || envelope.isSMTPUTF8 else { throw .internationalAddress }
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
        var recipient = Recipient(address: address)
        try RecipientParameters.read(&cursor, into: &recipient)
        return .recipient(recipient)
    }

    /// `chunk-size [ SP "LAST" ]` (RFC 3030 section 2).
    private static func chunk(_ cursor: inout ByteCursor) throws(CommandFault) -> Command {
        let size: Int
        do throws(CommandFault) { size = try MailParameters.size(&cursor) } catch { throw .arguments(.bdat) }
        if cursor.isAtEnd { return .chunk(size: size, isLast: false) }
        guard cursor.take(UInt8(ascii: " ")) else { throw .arguments(.bdat) }
        cursor.skipSpaces()
        guard cursor.take(word: "LAST"), cursor.isAtEnd else { throw .arguments(.bdat) }
        return .chunk(size: size, isLast: true)
    }

    /// `mechanism [ SP initial-response ]` (RFC 4954 section 4).
    private static func authenticate(_ cursor: inout ByteCursor) throws(CommandFault) -> Command {
        let start = cursor.at
        guard
            (1...20).contains(
                cursor.takeWhile { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { throw .arguments(.auth) }
        let mechanism = cursor.string(from: start).uppercased()
        if cursor.isAtEnd { return .authenticate(mechanism: mechanism, initial: nil) }
        guard cursor.take(UInt8(ascii: " ")) else { throw .arguments(.auth) }
        cursor.skipSpaces()
        let response = cursor.at
        guard cursor.takeWhile({ $0 > 32 }) > 0, cursor.isAtEnd else { throw .arguments(.auth) }
        return .authenticate(mechanism: mechanism, initial: Array(cursor.slice(from: response)))
    }
}
