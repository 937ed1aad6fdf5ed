import Mail

/// One `NAME=value` of XCLIENT: what a trusted peer tells of the client that it speaks for.
public enum ClientAttribute: Hashable, Sendable {
    case address(IPAddress)
    case port(Int)
    /// The client's name by DNS; nil: it has none, or none is known now.
    case name(String?)
    case helo(String)
    case login(String)
    case isExtended(Bool)

    /// Those that the server announces.
    static let names = "NAME ADDR PORT PROTO HELO LOGIN"

    /// `1*( SP name "=" xtext )`; `[UNAVAILABLE]` and `[TEMPUNAVAIL]` say that the peer does not know.
    static func readAll(_ cursor: inout ByteCursor) throws(CommandFault) -> [ClientAttribute] {
        var attributes: [ClientAttribute] = []
        while !cursor.isAtEnd {
            if let attribute = try read(&cursor) { attributes.append(attribute) }
            cursor.skipSpaces()
        }
        guard !attributes.isEmpty else { throw .arguments(.xclient) }
        return attributes
    }

    private static func read(_ cursor: inout ByteCursor) throws(CommandFault) -> ClientAttribute? {
        let start = cursor.at
        guard cursor.takeWhile(\.isASCIILetter) > 0 else { throw .arguments(.xclient) }
        let name = cursor.string(from: start).uppercased()
        guard cursor.take(UInt8(ascii: "=")), let value = XText.decode(&cursor), value.utf8.count <= AddressGrammar.longestDomain,
            cursor.isAtEnd || cursor.next == UInt8(ascii: " ")
        else { throw .arguments(.xclient) }
        let isKnown = value != "[UNAVAILABLE]" && value != "[TEMPUNAVAIL]"
        switch name {
        case "NAME": return .name(isKnown ? value : nil)
        case "ADDR":
            if !isKnown { return nil }
            let text = value.lowercased().hasPrefix("ipv6:") ? String(value.dropFirst(5)) : value
            guard let address = IPAddress(text) else { throw .arguments(.xclient) }
            return .address(address)
        case "PORT":
            if !isKnown { return nil }
            guard let port = UInt16(value) else { throw .arguments(.xclient) }
            return .port(Int(port))
        case "PROTO":
            guard value == "SMTP" || value == "ESMTP" else { throw .arguments(.xclient) }
            return .isExtended(value == "ESMTP")
        case "HELO": return isKnown ? .helo(value) : nil
        case "LOGIN": return isKnown ? .login(value) : nil
        // Announced by others, of no use to us.
        case "DESTADDR", "DESTPORT", "REVERSE_NAME": return nil
        default: throw .arguments(.xclient)
        }
    }
}
