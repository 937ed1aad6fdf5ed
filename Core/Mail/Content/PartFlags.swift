/// What is odd about a part: each a reason behind one of its gaps, or worth a symbol.
public struct PartFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    private static func bit(_ number: UInt64) -> PartFlags { PartFlags(rawValue: 1 << number) }

    /// A header that ends at a line that is no field.
    public static let brokenHeader = bit(0)
    /// Content-Type, -Transfer-Encoding or -Disposition twice, with different values.
    public static let duplicateField = bit(1)
    /// One parameter twice, with different values.
    public static let duplicateParameter = bit(2)
    /// A parameter that readers take apart differently: quotes, comments, RFC 2231 mixed with plain.
    public static let oddParameter = bit(3)
    /// A type that cannot be read.
    public static let badType = bit(4)
    /// An unknown or disallowed transfer encoding, or one on a multipart.
    public static let oddEncoding = bit(5)
    /// A multipart without a boundary, or with one that no reader is bound to find.
    public static let badBoundary = bit(6)
    /// No part begins where the boundary says there is one.
    public static let noParts = bit(7)
    /// The closing boundary is missing.
    public static let unclosed = bit(8)
    /// A line that some readers take for a boundary and others do not.
    public static let boundaryLookalike = bit(9)
    /// Characters outside of base64's alphabet, data behind padding, a wrong length.
    public static let badBase64 = bit(10)
    public static let badQuotedPrintable = bit(11)
    /// uuencode, yEnc or BinHex that breaks its own rules.
    public static let badEncodedFile = bit(12)
    /// 8-bit bytes in a header that are no UTF-8.
    public static let rawHeaderBytes = bit(13)
    /// NUL bytes.
    public static let nul = bit(14)
    /// An unknown charset, or bytes that are none of it.
    public static let badCharset = bit(15)
    /// Names that differ between readings.
    public static let ambiguousName = bit(16)
    /// A name with control or right-to-left characters, a path in it, or a dot or blank at its end.
    public static let oddName = bit(17)
    /// More parts, levels, names, fields, elements or rules than are looked at.
    public static let limit = bit(18)
    /// S/MIME or PGP, encrypted.
    public static let encrypted = bit(19)
    /// S/MIME or PGP, signed.
    public static let signed = bit(20)
    /// application/ms-tnef.
    public static let tnef = bit(21)
    /// message/partial: a piece of a message that nobody sees whole.
    public static let partial = bit(22)
    /// message/external-body: what it shows is elsewhere.
    public static let externalBody = bit(23)
    /// Text before the first or behind the last boundary that is more than white space and a hint.
    public static let textOutsideParts = bit(24)
    /// A file inside text: uuencode, yEnc, BinHex, an armoured PGP message.
    public static let embedded = bit(25)
    /// What is declared and what is detected differ in kind.
    public static let typeMismatch = bit(26)
    /// An encoded word (RFC 2047) that breaks its rules.
    public static let badEncodedWord = bit(27)
    /// An empty line, or a line that is no field, inside what readers may take for the header.
    public static let headerSplit = bit(28)
    /// A page has text that no reader sees: behind `display: none`, in the colour of its ground, of no size.
    public static let hiddenText = bit(29)
    /// Characters of no width between those of a page's text, which has been freed of them.
    public static let zeroWidth = bit(30)
    /// Characters or markup in a page that turn the direction of text.
    public static let bidi = bit(31)
    /// A page is another one for Outlook: conditional comments, `mso-hide`.
    public static let conditional = bit(32)
    /// A page with programs in it: `script`, `onclick` and the like, `javascript:`.
    public static let script = bit(33)
    /// A page with a form.
    public static let form = bit(34)

    public static let names: [(PartFlags, String)] = [
        (.brokenHeader, "broken-header"), (.duplicateField, "duplicate-field"), (.duplicateParameter, "duplicate-parameter"),
        (.oddParameter, "odd-parameter"), (.badType, "bad-type"), (.oddEncoding, "odd-encoding"), (.badBoundary, "bad-boundary"),
        (.noParts, "no-parts"), (.unclosed, "unclosed"), (.boundaryLookalike, "boundary-lookalike"), (.badBase64, "bad-base64"),
        (.badQuotedPrintable, "bad-quoted-printable"), (.badEncodedFile, "bad-encoded-file"), (.rawHeaderBytes, "raw-header-bytes"),
        (.nul, "nul"), (.badCharset, "bad-charset"), (.ambiguousName, "ambiguous-name"), (.oddName, "odd-name"), (.limit, "limit"),
        (.encrypted, "encrypted"), (.signed, "signed"), (.tnef, "tnef"), (.partial, "partial"), (.externalBody, "external-body"),
        (.textOutsideParts, "text-outside-parts"), (.embedded, "embedded"), (.typeMismatch, "type-mismatch"),
        (.badEncodedWord, "bad-encoded-word"), (.headerSplit, "header-split"), (.hiddenText, "hidden-text"), (.zeroWidth, "zero-width"),
        (.bidi, "bidi"),
        (.conditional, "conditional"), (.script, "script"), (.form, "form"),
    ]
}
