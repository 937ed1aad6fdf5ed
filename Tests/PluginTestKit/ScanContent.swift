import CPostern

/// The host's side of a message's content: the message itself, and below it leaves. Their bytes are region 1.
final class ScanContent {
    let content = UnsafeMutablePointer<postern_content>.allocate(capacity: 1)
    private let parts: [ScanPart]
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var refs: [(decoded: postern_ref, text: postern_ref)] = []
    /// Indices of parts.
    private let texts: [Int]
    private var strings: [UnsafeMutableBufferPointer<UInt8>] = []

    init(_ parts: [ScanPart]) {
        self.parts = parts
        texts = parts.indices.filter { parts[$0].text != nil }
        var all: [UInt8] = []
        for part in parts {
            let text = part.text ?? []
            let decoded = postern_ref(region: 1, flags: 0, offset: UInt64(all.count), length: UInt64(part.bytes.count))
            all += part.bytes
            refs.append((decoded, postern_ref(region: 1, flags: 0, offset: UInt64(all.count), length: UInt64(text.count))))
            all += text
        }
        bytes = .allocate(capacity: max(1, all.count))
        _ = bytes.initialize(from: all)
        content.initialize(to: postern_content())
        content.pointee.size = UInt32(MemoryLayout<postern_content>.size)
        content.pointee.built = POSTERN_CONTENT_PARTS | POSTERN_CONTENT_TEXT
        content.pointee.part_count = UInt32(parts.count + 1)
        content.pointee.text_count = UInt32(texts.count)
        content.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        content.pointee.part = { ScanContent.of($0).part(Int($1), $2!) }
        content.pointee.name = { content, part, index, out in
            let me = ScanContent.of(content)
            guard part > 0, part <= me.parts.count, index < me.parts[Int(part) - 1].names.count else { return POSTERN_INVALID }
            out!.pointee = me.keep(me.parts[Int(part) - 1].names[Int(index)])
            return POSTERN_OK
        }
        content.pointee.text = { content, index, out in
            let me = ScanContent.of(content)
            guard index < me.texts.count else { return POSTERN_INVALID }
            let part = me.texts[Int(index)]
            out!.pointee = postern_text(
                size: out!.pointee.size, part: UInt32(part + 1), source: POSTERN_TEXT_PLAIN, reserved: 0, text: me.refs[part].text)
            return POSTERN_OK
        }
    }

    deinit {
        bytes.deallocate()
        content.deallocate()
        for string in strings { string.deallocate() }
    }

    func view(_ ref: postern_ref, _ out: UnsafeMutablePointer<postern_bytes>) -> postern_status {
        guard ref.offset + ref.length <= UInt64(bytes.count) else { return POSTERN_INVALID }
        out.pointee = postern_bytes(data: bytes.baseAddress! + Int(ref.offset), length: ref.length)
        return POSTERN_OK
    }

    private static func of(_ content: UnsafePointer<postern_content>?) -> ScanContent {
        Unmanaged<ScanContent>.fromOpaque(content!.pointee.context).takeUnretainedValue()
    }

    private func part(_ index: Int, _ out: UnsafeMutablePointer<postern_part>) -> postern_status {
        guard index <= parts.count else { return POSTERN_INVALID }
        var part = postern_part()
        part.size = out.pointee.size
        part.parent = index == 0 ? POSTERN_NO_PART : 0
        part.alternative_to = POSTERN_NO_PART
        part.kind = index == 0 ? POSTERN_PART_MULTIPART : POSTERN_PART_LEAF
        if index > 0 {
            let given = parts[index - 1]
            part.path = keep(given.path)
            part.declared_type = keep(given.type)
            part.decoded = refs[index - 1].decoded
            part.name_count = UInt32(given.names.count)
            // In place of SHA-256, which nothing here has: equal for equal bytes.
            var sum: UInt64 = 14_695_981_039_346_656_037
            for byte in given.bytes { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
            withUnsafeMutableBytes(of: &part.sha256) { $0.storeBytes(of: sum, as: UInt64.self) }
        }
        out.pointee = part
        return POSTERN_OK
    }

    private func keep(_ text: String) -> postern_bytes {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, text.utf8.count))
        _ = copy.initialize(from: text.utf8)
        strings.append(copy)
        return postern_bytes(data: UnsafePointer(copy.baseAddress), length: UInt64(text.utf8.count))
    }
}
