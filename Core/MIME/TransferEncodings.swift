import Mail

/// What a part's Content-Transfer-Encoding fields mean to readers (RFC 2045 section 6).
struct TransferEncodings {
    /// As declared, lower case; empty: none.
    private(set) var declared = ""
    /// The likeliest first, never empty.
    private(set) var decoders: [TransferDecoder] = []
    private(set) var flags: PartFlags = []

    var first: TransferDecoder { decoders[0] }
    /// Whether a body must be decoded before it can be looked into.
    var isEncoding: Bool { first != .identity }

    init(_ values: [[UInt8]]) {
        if values.isEmpty {
            decoders = Self.identity
            return
        }
        var first: [UInt8]?
        for value in values {
            var text = value.lowercased
            var isClean = true
            if text.contains(0x28) {
                let whole = text
                text = text.withoutComments.trimmed
                // A comment within the word is one that some readers do not see.
                isClean = whole.starts(with: text) || whole.reversed().starts(with: text.reversed())
            }
            let word = String(lowercase: text.prefix(64))
            if declared.isEmpty { declared = word }
            if !text.isEmpty {
                if let first, first != text { flags.insert(.duplicateField) }
                if first == nil { first = text }
            }
            if let decoder = Self.named(word) {
                add(decoder)
                if word == "x-gzip64" { flags.insert(.oddEncoding) }
                if isClean { continue }
            }
            flags.insert(.oddEncoding)
            for decoder in Self.contained(in: text) { add(decoder) }
            add(.identity)
        }
        if decoders.isEmpty { decoders = Self.identity }
    }

    private mutating func add(_ decoder: TransferDecoder) { if !decoders.contains(decoder) { decoders.append(decoder) } }

    /// Shared by all that are not encoded.
    private static let identity: [TransferDecoder] = [.identity]

    private static func named(_ word: String) -> TransferDecoder? {
        switch word {
        case "base64", "x-gzip64": .base64(.ends)
        case "quoted-printable": .quotedPrintable
        case "", "7bit", "8bit", "binary", "7-bit", "8-bit": .identity
        case "x-uuencode", "uuencode", "x-uue", "uue", "x-uu": .uuencode
        case "x-yenc", "yenc": .yenc
        default: nil
        }
    }

    /// Readers look for words they know.
    private static func contained(in text: [UInt8]) -> [TransferDecoder] {
        let words: [(String, TransferDecoder)] = [
            ("base64", .base64(.ends)), ("quoted", .quotedPrintable), ("uue", .uuencode), ("yenc", .yenc), ("binhex", .binhex),
        ]
        return words.compactMap { word, decoder in text.offset(of: Array(word.utf8), from: 0).map { ($0, decoder) } }
            .sorted { $0.0 < $1.0 }.map(\.1)
    }
}
