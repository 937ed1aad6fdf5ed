import Mail

/// The file names that readers could take a part to have: from Content-Disposition's `filename` and Content-Type's `name`, by all readings of either,
/// the likeliest first, in UTF-8.
struct FileNames {
    private(set) var values: [String] = []
    private(set) var flags: PartFlags = []
    private let most: Int

    init(dispositions: [Parameters], types: [PartFacts.TypeReading], most: Int) {
        self.most = most
        var readings: [ParameterReading] = []
        func take(_ parameters: Parameters, _ name: StaticString) {
            let found = parameters.readings(of: name)
            if parameters.isCut { flags.insert(.limit) }
            if found.isDuplicate { flags.insert(.duplicateParameter) }
            if found.isOdd { flags.insert(.oddParameter) }
            if !found.values.isEmpty { readings += found.values }
        }
        for disposition in dispositions { take(disposition, "filename") }
        for type in types { take(type.parameters, "name") }
        // Not where they belong, but some look there.
        for disposition in dispositions { take(disposition, "name") }
        for type in types { take(type.parameters, "filename") }
        for reading in readings { add(reading) }
        for name in values { append(Self.asSaved(name)) }
        if values.count > 1 {
            let suffix = Self.suffix(Self.asSaved(values[0]))
            if values.dropFirst().contains(where: { Self.suffix(Self.asSaved($0)) != suffix }) { flags.insert(.ambiguousName) }
        }
        if values.contains(where: Self.isOdd) { flags.insert(.oddName) }
    }

    private mutating func add(_ reading: ParameterReading) {
        let bytes = reading.bytes.count > 2048 ? Array(reading.bytes.prefix(2048)) : reading.bytes
        var texts: [String] = []
        if !reading.charset.isEmpty {
            if let charset = Charset(label: reading.charset) {
                let (text, isBad) = charset.text(bytes)
                if isBad { flags.insert(.badCharset) }
                texts.append(text)
            } else {
                flags.insert(.badCharset)
            }
        }
        if texts.isEmpty {
            let (text, found) = EncodedWords.decode(bytes)
            flags.formUnion(found.subtracting(.badEncodedWord))
            texts.append(text)
            // Encoded words have no place in a parameter (RFC 2047 section 5), so not everyone decodes them.
            if bytes.offset(of: [0x3D, 0x3F], from: 0) != nil { texts.append(Self.text(bytes)) }
        }
        for text in texts { append(text.trimmingNULs) }
    }

    private mutating func append(_ name: String) {
        guard !name.isEmpty, !values.contains(name) else { return }
        if values.count < most { values.append(name) } else { flags.insert(.limit) }
    }

    /// A name that stands alone, and the one that it is saved by.
    static func readings(_ name: String) -> [String] {
        let saved = asSaved(name)
        return [name, saved == name ? "" : saved].filter { !$0.isEmpty }
    }

    /// Windows drops dots and blanks at the end of a name. Empty: there is nothing else.
    private static func asSaved(_ name: String) -> String {
        guard isTrailing(name.utf8.last) else { return name }
        var bytes = name.utf8[...]
        while isTrailing(bytes.last) { bytes.removeLast() }
        return String(bytes) ?? name
    }

    private static func isTrailing(_ byte: UInt8?) -> Bool { byte == 0x2E || byte == 0x20 }

    /// Bytes without a charset: UTF-8, else Western. Without NULs.
    static func text(_ bytes: [UInt8]) -> String {
        (bytes.withUnsafeBytes { isUTF8($0, 0..<$0.count) } ? bytes.text : Charset.western.text(bytes).0).trimmingNULs
    }

    /// What a client opens it with.
    private static func suffix(_ name: String) -> String {
        // An encoded word that was not decoded is the same name to those who decode it.
        if name.hasPrefix("=?"), name.hasSuffix("?=") { return "" }
        guard let dot = name.utf8.lastIndex(of: 0x2E) else { return "" }
        return name[dot...].dropFirst().lowercased()
    }

    /// Control characters, those that turn the direction of text, paths, and ends that are dropped.
    static func isOdd(_ name: String) -> Bool {
        isTrailing(name.utf8.last)
            || name.unicodeScalars.contains { scalar in
                switch scalar.value {
                case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0x2F, 0x5C: true
                default: false
                }
            }
    }
}

extension String {
    fileprivate var trimmingNULs: String { utf8.contains(0) ? String(decoding: utf8.filter { $0 != 0 }, as: UTF8.self) : self }
}
