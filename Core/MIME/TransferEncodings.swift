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
            decoders = [.identity]
            return
        }
        var names: Set<[UInt8]> = []
        for value in values {
            var text = value.lowercased
            var isClean = true
            if text.contains(0x28) {
                let whole = text
                text = text.withoutComments.trimmed
                // A comment within the word is one that some readers do not see.
                isClean = whole.starts(with: text) || whole.reversed().starts(with: text.reversed())
            }
            if declared.isEmpty { declared = text.prefix(64).text }
            if !text.isEmpty || values.count == 1 { names.insert(text) }
            if let decoder = Self.named(text) {
                add(decoder)
                if text == Array("x-gzip64".utf8) { flags.insert(.oddEncoding) }
                if isClean { continue }
            }
            flags.insert(.oddEncoding)
            for decoder in Self.contained(in: text) { add(decoder) }
            add(.identity)
        }
        if names.count > 1 { flags.insert(.duplicateField) }
        if decoders.isEmpty { decoders = [.identity] }
    }

    private mutating func add(_ decoder: TransferDecoder) { if !decoders.contains(decoder) { decoders.append(decoder) } }

    private static let names: [String: TransferDecoder] = [
        "": .identity, "7bit": .identity, "8bit": .identity, "binary": .identity, "7-bit": .identity, "8-bit": .identity,
        "base64": .base64(.ends), "x-gzip64": .base64(.ends), "quoted-printable": .quotedPrintable, "x-uuencode": .uuencode,
        "uuencode": .uuencode, "x-uue": .uuencode, "uue": .uuencode, "x-uu": .uuencode, "x-yenc": .yenc, "yenc": .yenc,
    ]

    private static func named(_ text: [UInt8]) -> TransferDecoder? { text.count <= 32 ? names[text.text] : nil }

    /// Readers look for words they know.
    private static func contained(in text: [UInt8]) -> [TransferDecoder] {
        let words: [(String, TransferDecoder)] = [
            ("base64", .base64(.ends)), ("quoted", .quotedPrintable), ("uue", .uuencode), ("yenc", .yenc),
        ]
        return words.compactMap { word, decoder in text.offset(of: Array(word.utf8), from: 0).map { ($0, decoder) } }
            .sorted { $0.0 < $1.0 }.map(\.1)
    }
}
