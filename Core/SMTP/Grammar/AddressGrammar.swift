import Mail

/// Paths and mailboxes (RFC 5321 sections 4.1.2 and 4.5.3.1). Nothing is forgiven: an address that two servers read differently is a way
/// around a filter.
public enum AddressGrammar {
    /// RFC 5321 section 4.5.3.1, in octets; a path with its brackets.
    public static let longestLocalPart = 64
    public static let longestDomain = 255
    public static let longestPath = 256

    enum Path {
        case null
        case mailbox(EmailAddress)
        /// `<name>`: a local part without a domain, which only postmaster may have.
        case localOnly(String)
    }

    /// `"<" [ A-d-l ":" ] Mailbox ">"`; a source route is read and forgotten (RFC 5321 appendix C). nil: malformed.
    static func path(_ cursor: inout ByteCursor) -> Path? {
        let start = cursor.at
        guard cursor.take(UInt8(ascii: "<")) else { return nil }
        if cursor.take(UInt8(ascii: ">")) { return .null }
        if cursor.next == UInt8(ascii: "@"), !sourceRoute(&cursor) { return nil }
        let result: Path
        let localStart = cursor.at
        guard localPart(&cursor) else { return nil }
        let local = cursor.string(from: localStart)
        if cursor.take(UInt8(ascii: "@")) {
            let domainStart = cursor.at
            guard domainOrLiteral(&cursor) else { return nil }
            result = .mailbox(EmailAddress(localPart: local, domain: cursor.string(from: domainStart)))
        } else {
            result = .localOnly(local)
        }
        guard cursor.take(UInt8(ascii: ">")), cursor.at - start <= longestPath else { return nil }
        return result
    }

    /// `Local-part "@" ( Domain / address-literal )`, and nothing after it.
    static func mailbox(_ cursor: inout ByteCursor) -> EmailAddress? {
        let start = cursor.at
        guard localPart(&cursor) else { return nil }
        let at = cursor.at
        guard cursor.take(UInt8(ascii: "@")), domainOrLiteral(&cursor), cursor.isAtEnd else { return nil }
        return EmailAddress(localPart: cursor.string(from: start, to: at), domain: cursor.string(from: at + 1))
    }

    /// `@one.example,@two.example:`
    private static func sourceRoute(_ cursor: inout ByteCursor) -> Bool {
        repeat {
            guard cursor.take(UInt8(ascii: "@")), domain(&cursor) else { return false }
        } while cursor.take(UInt8(ascii: ","))
        return cursor.take(UInt8(ascii: ":"))
    }

    /// `Dot-string / Quoted-string`.
    private static func localPart(_ cursor: inout ByteCursor) -> Bool {
        let start = cursor.at
        if cursor.take(UInt8(ascii: "\"")) {
            while !cursor.take(UInt8(ascii: "\"")) {
                if cursor.take(UInt8(ascii: "\\")) {
                    guard cursor.takeOne(where: { (32...126).contains($0) }) else { return false }
                } else if cursor.takeWhile(\.isQuotedText) == 0 {
                    return false
                }
            }
        } else {
            repeat {
                guard cursor.takeWhile(\.isAtomText) > 0 else { return false }
            } while cursor.take(UInt8(ascii: "."))
        }
        return cursor.at - start <= longestLocalPart
    }

    private static func domainOrLiteral(_ cursor: inout ByteCursor) -> Bool {
        cursor.next == UInt8(ascii: "[") ? literal(&cursor) : domain(&cursor)
    }

    /// `sub-domain *("." sub-domain)`; a label has 63 octets at most (RFC 1035 section 2.3.4), in UTF-8 as well.
    private static func domain(_ cursor: inout ByteCursor) -> Bool {
        let start = cursor.at
        repeat {
            let label = cursor.at
            let count = cursor.takeWhile { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 >= 128 }
            guard (1...63).contains(count), isLabel(cursor.slice(from: label)), cursor.bytes[label] != UInt8(ascii: "-"),
                cursor.bytes[cursor.at - 1] != UInt8(ascii: "-")
            else { return false }
        } while cursor.take(UInt8(ascii: "."))
        return cursor.at - start <= longestDomain
    }

    /// A label beyond ASCII holds letters, marks and digits that are their own normal form (RFC 5890 section 2.3.2.1): none that some
    /// resolver would read as a dot or as another letter.
    private static func isLabel(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes.allSatisfy({ $0 < 128 }) { return true }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy { scalar in
            if scalar.isASCII { return true }
            if scalar.properties.changesWhenNFKCCaseFolded { return false }
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber: return true
            default: return false
            }
        }
    }

    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]`. No other tag was ever registered.
    private static func literal(_ cursor: inout ByteCursor) -> Bool {
        guard cursor.take(UInt8(ascii: "[")) else { return false }
        let isV6 = cursor.take(word: "IPV6:")
        let start = cursor.at
        let count = cursor.takeWhile { $0.isLetterOrDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
        guard (1...45).contains(count) else { return false }
        let text = cursor.string(from: start)
        guard IPAddress(text) != nil, text.utf8.contains(UInt8(ascii: ":")) == isV6 else { return false }
        return cursor.take(UInt8(ascii: "]"))
    }
}

extension ByteCursor {
    fileprivate mutating func takeOne(where isMember: (UInt8) -> Bool) -> Bool {
        guard !isAtEnd, isMember(next) else { return false }
        return take(next)
    }
}

extension EmailAddress {
    /// Reads a mailbox without angle brackets, strictly. nil: malformed or too long.
    public init?(mailbox text: some StringProtocol) {
        var copy = String(text)
        guard
            let address = copy.withUTF8({ bytes -> EmailAddress? in
                var cursor = ByteCursor(UnsafeRawBufferPointer(bytes))
                // UTF-8 it is; this keeps out the control characters beyond ASCII.
                return cursor.isUTF8 ? AddressGrammar.mailbox(&cursor) : nil
            })
        else { return nil }
        self = address
    }
}
