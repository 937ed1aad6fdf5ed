import CPostern

/// What a message consists of, as far as the manifest's `needs` name it.
extension Message {
    /// All parts in the order in which they begin, other readings of them too; the first is the message itself. Empty where the manifest
    /// needs nothing.
    public var parts: [Part] {
        guard let content else { return [] }
        return (0..<content.pointee.part_count).compactMap { index in
            var raw = postern_part()
            raw.size = UInt32(MemoryLayout<postern_part>.size)
            guard content.pointee.part?(content, index, &raw) == POSTERN_OK else { return nil }
            let names = (0..<raw.name_count).compactMap { name in
                var bytes = postern_bytes()
                return content.pointee.name?(content, index, name, &bytes) == POSTERN_OK ? bytes.text : nil
            }
            return Part(raw, names: names, index: Int(index), of: call)
        }
    }

    /// Text as a reader sees it. Empty unless `needs` has `text`.
    public var texts: [MessageText] {
        guard let content else { return [] }
        return (0..<content.pointee.text_count).compactMap { index in
            var raw = postern_text()
            raw.size = UInt32(MemoryLayout<postern_text>.size)
            guard content.pointee.text?(content, index, &raw) == POSTERN_OK else { return nil }
            return MessageText(raw, of: call)
        }
    }

    /// Links, and what clients make one of. Empty unless `needs` has `urls`.
    public var urls: [MessageURL] {
        guard let content else { return [] }
        return (0..<content.pointee.url_count).compactMap { index in
            var raw = postern_url()
            raw.size = UInt32(MemoryLayout<postern_url>.size)
            return content.pointee.url?(content, index, &raw) == POSTERN_OK ? MessageURL(raw) : nil
        }
    }

    /// What was not seen whole of the message.
    public var gaps: Gaps { Gaps(rawValue: content?.pointee.gaps ?? 0) }
}

/// What was not seen whole, or may be seen otherwise by another reader: never to be taken for clean.
public struct Gaps: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let truncated = Gaps(rawValue: POSTERN_REF_TRUNCATED)
    public static let limitHit = Gaps(rawValue: POSTERN_REF_LIMIT_HIT)
    public static let malformed = Gaps(rawValue: POSTERN_REF_MALFORMED)
    public static let encrypted = Gaps(rawValue: POSTERN_REF_ENCRYPTED)
    public static let ambiguous = Gaps(rawValue: POSTERN_REF_AMBIGUOUS)
}
