/// Which charset a page is in (HTML, section 13.2.3): a byte order mark, what the part declares, what the page declares.
public enum HTMLCharset {
    /// Bytes in which a declaration is looked for.
    public static let mostBytes = 1024

    /// The label as it is written, in lower case; empty: nothing says. `declared` is the part's charset parameter, empty: none.
    public static func label(_ page: UnsafeRawBufferPointer, declared: String) -> String {
        if page.starts(with: [0xEF, 0xBB, 0xBF]) { return "utf-8" }
        if page.starts(with: [0xFE, 0xFF]) { return "utf-16be" }
        if page.starts(with: [0xFF, 0xFE]) { return "utf-16le" }
        if !declared.isEmpty { return declared.lowercased() }
        guard let label = prescan(page) else { return "" }
        // What has been read as ASCII up to here is no UTF-16.
        return label.hasPrefix("utf-16") ? "utf-8" : label == "x-user-defined" ? "windows-1252" : label
    }

    private static let metaNames = (charset: HTMLName("charset"), content: HTMLName("content"), equivalent: HTMLName("http-equiv"))

    private static func prescan(_ page: UnsafeRawBufferPointer) -> String? {
        var tokens = HTMLTokenizer(page, 0..<min(page.count, mostBytes))
        while let token = tokens.next() {
            guard token == .startTag, tokens.tag.element == .meta else { continue }
            if let charset = tokens.tag.attribute(metaNames.charset) {
                let label = tokens.tag.withValue(charset) { text($0[...]) }
                if !label.isEmpty { return label }
            }
            guard let equivalent = tokens.tag.attribute(metaNames.equivalent), let content = tokens.tag.attribute(metaNames.content),
                tokens.tag.withValue(equivalent, { text($0[...]) }) == "content-type"
            else { continue }
            if let label = tokens.tag.withValue(content, { charset(in: $0) }) { return label }
        }
        return declaration(page)
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let label = bytes.prefix(80).drop(while: HTMLTokenizer.isSpace)
        return String(decoding: label.prefix { !HTMLTokenizer.isSpace($0) }, as: UTF8.self).lowercased()
    }

    /// HTML, section 2.6.5: behind `charset=`.
    private static func charset(in content: UnsafeRawBufferPointer) -> String? {
        var rest = content.prefix(512)
        while !rest.isEmpty {
            guard rest.prefix(7).elementsEqualFolded("charset") else {
                rest.removeFirst()
                continue
            }
            rest = rest.dropFirst(7).drop(while: HTMLTokenizer.isSpace)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop(while: HTMLTokenizer.isSpace)
            guard let first = rest.first else { return nil }
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                let quoted = rest.dropFirst().prefix { $0 != first }
                return quoted.endIndex < rest.endIndex ? text(quoted) : nil
            }
            return text(rest.prefix { $0 != UInt8(ascii: ";") })
        }
        return nil
    }

    /// `<?xml version="1.0" encoding="..."?>`
    private static func declaration(_ page: UnsafeRawBufferPointer) -> String? {
        guard page.starts(with: "<?xml".utf8) else { return nil }
        let head = page.prefix(256).prefix { $0 != UInt8(ascii: ">") }
        guard head.count > 20, let at = head.indices.first(where: { head[$0...].prefix(8).elementsEqual("encoding".utf8) }) else {
            return nil
        }
        let rest = head[(at + 8)...].drop { HTMLTokenizer.isSpace($0) || $0 == UInt8(ascii: "=") }
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        return text(rest.dropFirst().prefix { $0 != quote })
    }
}
