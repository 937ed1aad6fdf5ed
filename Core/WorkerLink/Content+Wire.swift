import Mail

/// What a message consists of, as `ContentRecord` has it. What its refs point into goes as regions, by number.
extension WireWriter {
    mutating func content(_ content: MessageContent) {
        u8(content.built.rawValue)
        list(content.parts) { $0.part($1) }
        list(content.texts) {
            $0.u32(UInt32($1.part))
            $0.u8($1.source.rawValue)
            $0.ref($1.text)
        }
        list(content.urls) {
            $0.u32(UInt32($1.part))
            $0.u8($1.source.rawValue)
            $0.u32($1.flags.rawValue)
            for text in [$1.raw, $1.canonical, $1.host, $1.anchor] { $0.text(text) }
            $0.ref($1.span)
        }
    }

    private mutating func part(_ part: ContentPart) {
        u8(part.kind.rawValue)
        optional(part.parent) { $0.u32(UInt32($1)) }
        optional(part.alternativeTo) { $0.u32(UInt32($1)) }
        for text in [
            part.path, part.declaredType, part.detectedType, part.charset, part.transferEncoding, part.disposition, part.contentID,
        ] { self.text(text) }
        list(part.names) { $0.text($1) }
        ref(part.header)
        ref(part.raw)
        optional(part.decoded) { $0.ref($1) }
        optional(part.sha256) { $0.raw($1.bytes) }
        u32(part.gaps.rawValue)
        u64(part.flags.rawValue)
    }

    private mutating func ref(_ ref: ContentRef) {
        u8(UInt8(ref.region))
        u32(ref.gaps.rawValue)
        u64(UInt64(ref.range.lowerBound))
        u64(UInt64(ref.range.upperBound))
    }
}

extension WireReader {
    mutating func content(_ regions: [Region]) throws(WireFault) -> MessageContent {
        let built = ContentNeeds(rawValue: try u8())
        let parts = try list(most: 1 << 20) { (reader) throws(WireFault) in try reader.part() }
        let texts = try list(most: 1 << 20) { (reader) throws(WireFault) in
            ContentText(part: Int(try reader.u32()), source: try reader.word(ContentText.Source.self), text: try reader.ref())
        }
        let urls = try list(most: 1 << 20) { (reader) throws(WireFault) in
            let (part, source, flags) = (
                Int(try reader.u32()), try reader.word(ContentURL.Source.self), URLFlags(rawValue: try reader.u32())
            )
            let (raw, canonical, host, anchor) = (try reader.text(), try reader.text(), try reader.text(), try reader.text())
            return ContentURL(
                raw: raw, canonical: canonical, host: host, part: part, source: source, span: try reader.ref(), anchor: anchor, flags: flags
            )
        }
        return MessageContent(built: built, regions: regions, parts: parts, texts: texts, urls: urls)
    }

    private mutating func part() throws(WireFault) -> ContentPart {
        let kind = try word(ContentPart.Kind.self)
        let parent = try optional { (reader) throws(WireFault) in Int(try reader.u32()) }
        let alternativeTo = try optional { (reader) throws(WireFault) in Int(try reader.u32()) }
        let path = try text()
        let declaredType = try text()
        let (detectedType, charset, transferEncoding) = (try text(), try text(), try text())
        let (disposition, contentID) = (try text(), try text())
        let names = try list(most: 1 << 16) { (reader) throws(WireFault) in try reader.text() }
        var part = ContentPart(
            path: path, parent: parent, kind: kind, declaredType: declaredType, header: try ref(), raw: try ref(),
            alternativeTo: alternativeTo, detectedType: detectedType, charset: charset, transferEncoding: transferEncoding,
            disposition: disposition, contentID: contentID, names: names)
        part.decoded = try optional { (reader) throws(WireFault) in try reader.ref() }
        part.sha256 = try optional { (reader) throws(WireFault) in try reader.digest() }
        part.gaps = ContentGaps(rawValue: try u32())
        part.flags = PartFlags(rawValue: try u64())
        return part
    }

    private mutating func digest() throws(WireFault) -> MessageDigest {
        guard let digest = MessageDigest(bytes: try raw(most: 32)) else { throw WireFault("a digest that is none") }
        return digest
    }

    private mutating func word<T: RawRepresentable<UInt8>>(_ type: T.Type) throws(WireFault) -> T {
        guard let word = T(rawValue: try u8()) else { throw WireFault("an unknown word") }
        return word
    }

    private mutating func ref() throws(WireFault) -> ContentRef {
        let (region, gaps) = (Int(try u8()), ContentGaps(rawValue: try u32()))
        let (start, end) = (Int(clamping: try u64()), Int(clamping: try u64()))
        guard start <= end else { throw WireFault("a piece that ends before it begins") }
        return ContentRef(region: region, start..<end, gaps: gaps)
    }
}
