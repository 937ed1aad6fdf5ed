/// The first word of a command (RFC 5321 section 4.1.1). All that the server knows of stand in one table.
public enum Verb: UInt8, Sendable, CaseIterable {
    case ehlo, helo, lhlo, mail, rcpt, data, bdat, rset, noop, help, vrfy, quit, startTLS, auth, xclient
    // Known, and refused with 502.
    case expn, etrn, turn, burl

    /// In upper case, as logs name it.
    public var word: String {
        switch self {
        case .ehlo: "EHLO"
        case .helo: "HELO"
        case .lhlo: "LHLO"
        case .mail: "MAIL"
        case .rcpt: "RCPT"
        case .data: "DATA"
        case .bdat: "BDAT"
        case .rset: "RSET"
        case .noop: "NOOP"
        case .vrfy: "VRFY"
        case .quit: "QUIT"
        case .startTLS: "STARTTLS"
        case .auth: "AUTH"
        case .xclient: "XCLIENT"
        case .expn: "EXPN"
        case .help: "HELP"
        case .etrn: "ETRN"
        case .turn: "TURN"
        case .burl: "BURL"
        }
    }

    /// False for what is answered with 502.
    var isImplemented: Bool { rawValue < Verb.expn.rawValue }

    /// Its arguments may be UTF-8 (RFC 6531 section 3.2).
    var mayHaveUTF8: Bool { self == .mail || self == .rcpt || self == .vrfy }

    /// Upper case letters packed into a word, so that a look-up compares numbers.
    private static let table: [(key: UInt64, verb: Verb)] = allCases.map { verb in
        (verb.word.utf8.reduce(0) { $0 << 8 | UInt64($1) }, verb)
    }

    /// Without regard to case; nil when unknown.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard (4...8).contains(bytes.count) else { return nil }
        var key: UInt64 = 0
        for byte in bytes { key = key << 8 | UInt64(byte.asciiUppercased) }
        for entry in Self.table where entry.key == key {
            self = entry.verb
            return
        }
        return nil
    }
}
