import Mail

/// What a message consists of, as `postern scan` tells it.
struct ContentReport {
    let content: MessageContent
    /// Bytes shown of one text.
    private static let mostText = 1 << 20

    /// `parts` and `urls`, for the line of a scan.
    func writeSummary(to w: inout JSONWriter) {
        w.key("parts")
        w.beginArray()
        for part in content.parts { write(part, to: &w) }
        w.endArray()
        w.key("urls")
        w.beginArray()
        for url in content.urls { write(url, to: &w) }
        w.endArray()
    }

    /// A line of its own with the texts too.
    func json(file: String) -> String {
        var w = JSONWriter(capacity: 4096)
        w.beginObject()
        w.field("file", file)
        writeSummary(to: &w)
        w.key("texts")
        w.beginArray()
        for text in content.texts {
            w.beginObject()
            w.field("part", content.parts[text.part].path)
            w.field("source", "\(text.source)")
            let bytes = content.bytes(text.text)
            w.field("text", withExtendedLifetime(content) { String(decoding: bytes.prefix(Self.mostText), as: UTF8.self) })
            words(of: text.text.gaps, bytes.count > Self.mostText, to: &w)
            w.endObject()
        }
        w.endArray()
        w.endObject()
        return w.text
    }

    private func write(_ part: ContentPart, to w: inout JSONWriter) {
        w.beginObject()
        w.field("path", part.path)
        w.field("kind", "\(part.kind)")
        if let parent = part.parent { w.field("parent", content.parts[parent].path) }
        if let other = part.alternativeTo { w.field("alternative_to", content.parts[other].path) }
        w.field("declared", part.declaredType)
        for (name, value) in [
            ("detected", part.detectedType), ("charset", part.charset), ("encoding", part.transferEncoding),
            ("disposition", part.disposition), ("content_id", part.contentID),
        ] where !value.isEmpty { w.field(name, value) }
        w.key("names")
        w.beginArray()
        for name in part.names { w.string(name) }
        w.endArray()
        w.field("bytes", (part.decoded ?? part.raw).range.count)
        if let digest = part.sha256 { w.field("sha256", digest.description) }
        w.key("flags")
        w.beginArray()
        let gaps = ContentGaps.names.filter { part.gaps.union(part.decoded?.gaps ?? []).contains($0.0) }.map(\.1)
        for name in gaps { w.string(name) }
        // `encrypted` is a word of both.
        for (flag, name) in PartFlags.names where part.flags.contains(flag) && !gaps.contains(name) { w.string(name) }
        w.endArray()
        w.endObject()
    }

    private func write(_ url: ContentURL, to w: inout JSONWriter) {
        w.beginObject()
        w.field("url", url.canonical)
        w.field("raw", url.raw)
        w.field("source", "\(url.source)")
        w.field("part", content.parts[url.part].path)
        if !url.anchor.isEmpty { w.field("anchor", url.anchor) }
        w.key("flags")
        w.beginArray()
        for (flag, name) in URLFlags.names where url.flags.contains(flag) { w.string(name) }
        w.endArray()
        w.endObject()
    }

    private func words(of gaps: ContentGaps, _ isCut: Bool, to w: inout JSONWriter) {
        w.key("flags")
        w.beginArray()
        for (gap, name) in ContentGaps.names where gaps.contains(gap) { w.string(name) }
        if isCut { w.string("cut") }
        w.endArray()
    }
}
