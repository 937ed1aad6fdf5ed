import CPostern
import Mail

/// A message's content as the ABI shows it. What is asked for is made once and lives as long as the run.
extension CallMemory {
    static func make(_ content: MessageContent, _ writer: inout BlockWriter) -> UnsafeMutablePointer<postern_content> {
        let out = writer.make(postern_content.self)
        out.initialize(
            to: postern_content(
                size: UInt32(MemoryLayout<postern_content>.size), built: UInt32(content.built.rawValue), gaps: content.gaps.rawValue,
                part_count: UInt32(content.parts.count), text_count: UInt32(content.texts.count), url_count: UInt32(content.urls.count),
                context: nil,
                part: { content, index, out in
                    guard let out, let memory = CallMemory.of(content) else { return POSTERN_INVALID }
                    return memory._withUnsafeGuaranteedRef { $0.part(index, out) }
                },
                name: { content, part, index, out in
                    guard let out, let memory = CallMemory.of(content) else { return POSTERN_INVALID }
                    return memory._withUnsafeGuaranteedRef { $0.name(part, index, out) }
                },
                text: { content, index, out in
                    guard let out, let memory = CallMemory.of(content) else { return POSTERN_INVALID }
                    return memory._withUnsafeGuaranteedRef { $0.text(index, out) }
                },
                url: { content, index, out in
                    guard let out, let memory = CallMemory.of(content) else { return POSTERN_INVALID }
                    return memory._withUnsafeGuaranteedRef { $0.url(index, out) }
                }))
        return out
    }

    private static func of(_ content: UnsafePointer<postern_content>?) -> Unmanaged<CallMemory>? {
        content?.pointee.context.map { .fromOpaque($0) }
    }

    private var content: MessageContent? { facts.message?.content }

    private func part(_ index: UInt32, _ out: UnsafeMutablePointer<postern_part>) -> postern_status {
        guard out.pointee.size >= 8, let made = part(index)?.0 else { return POSTERN_INVALID }
        out.pointee.size = Self.copy(made, to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    private func name(_ part: UInt32, _ index: UInt32, _ out: UnsafeMutablePointer<postern_bytes>) -> postern_status {
        guard let names = self.part(part)?.names, index < names.count else { return POSTERN_INVALID }
        out.pointee = names[Int(index)]
        return POSTERN_OK
    }

    private func text(_ index: UInt32, _ out: UnsafeMutablePointer<postern_text>) -> postern_status {
        guard let content, index < content.texts.count, out.pointee.size >= 8 else { return POSTERN_INVALID }
        let text = content.texts[Int(index)]
        let made = postern_text(
            size: 0, part: UInt32(text.part), source: UInt32(text.source.rawValue), reserved: 0, text: Self.ref(text.text))
        out.pointee.size = Self.copy(made, to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    private func url(_ index: UInt32, _ out: UnsafeMutablePointer<postern_url>) -> postern_status {
        guard let content, index < content.urls.count, out.pointee.size >= 8 else { return POSTERN_INVALID }
        let made: postern_url
        if let known = contentURLs[Int(index)] {
            made = known
        } else {
            let url = content.urls[Int(index)]
            let texts = [url.raw, url.canonical, url.host, url.anchor]
            var writer = make(texts.reduce(1) { $0 + $1.utf8.count })
            made = postern_url(
                size: 0, part: UInt32(url.part), source: UInt32(url.source.rawValue), flags: url.flags.rawValue,
                raw: writer.text(url.raw), canonical: writer.text(url.canonical), host: writer.text(url.host),
                anchor: writer.text(url.anchor), span: Self.ref(url.span))
            contentURLs[Int(index)] = made
        }
        out.pointee.size = Self.copy(made, to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    private func part(_ index: UInt32) -> (postern_part, names: [postern_bytes])? {
        guard let content, index < content.parts.count else { return nil }
        if let known = contentParts[Int(index)] { return known }
        let part = content.parts[Int(index)]
        let texts = [
            part.path, part.declaredType, part.detectedType, part.charset, part.transferEncoding, part.disposition, part.contentID,
        ]
        var writer = make((texts + part.names).reduce(1) { $0 + $1.utf8.count })
        var p = postern_part()
        p.kind = UInt32(part.kind.rawValue)
        p.parent = part.parent.map(UInt32.init) ?? .max
        p.alternative_to = part.alternativeTo.map(UInt32.init) ?? .max
        p.flags = part.flags.rawValue
        p.path = writer.text(part.path)
        p.declared_type = writer.text(part.declaredType)
        p.detected_type = writer.text(part.detectedType)
        p.charset = writer.text(part.charset)
        p.transfer_encoding = writer.text(part.transferEncoding)
        p.disposition = writer.text(part.disposition)
        p.content_id = writer.text(part.contentID)
        p.header = Self.ref(part.header)
        p.raw = Self.ref(part.raw)
        p.raw.flags |= part.gaps.rawValue
        if let decoded = part.decoded {
            p.decoded = Self.ref(decoded)
            p.decoded.flags |= part.gaps.rawValue
        }
        p.name_count = UInt32(part.names.count)
        if let digest = part.sha256 { withUnsafeMutableBytes(of: &p.sha256) { $0.copyBytes(from: digest.bytes) } }
        let made = (p, names: part.names.map { writer.text($0) })
        contentParts[Int(index)] = made
        return made
    }

    private static func ref(_ ref: ContentRef) -> postern_ref {
        postern_ref(
            region: UInt32(ref.region), flags: ref.gaps.rawValue, offset: UInt64(ref.range.lowerBound), length: UInt64(ref.range.count))
    }
}
