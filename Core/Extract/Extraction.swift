import MIME
import Mail

/// One message being taken apart. The tree is read first; then each leaf is decoded, in order, and rendered where it is text. What was encoded as a
/// whole (a message in base64) is read as a tree when its turn comes, and its parts come behind.
struct Extraction: ~Copyable {
    private let raw: Region
    private let needs: ContentNeeds
    private var tree: MessageTree
    private var leaves: LeafDecoder
    private var store: DecodedBytes
    /// By number, from 2 on.
    private var own: [Int: Region] = [:]
    private var found: [Int: LeafDecoder.Leaf] = [:]
    /// Leaves that were taken apart when they were decoded.
    private var divided: Set<Int> = []
    private var rendering: TextRendering

    init(_ raw: Region, _ needs: ContentNeeds, _ spool: (any BodySpool)?) {
        self.raw = raw
        self.needs = needs
        tree = withExtendedLifetime(raw) { MessageTree(raw.bytes) }
        leaves = LeafDecoder(size: raw.count, isHashed: needs.contains(.parts))
        store = DecodedBytes(spool)
        rendering = TextRendering(needs)
    }

    mutating func takeApart() throws(StoreFailure) {
        var index = 0
        while index < tree.parts.count {
            if isMessage(index) { readHeader(index) }
            if tree.parts[index].content.kind == .leaf { try decode(index) }
            index += 1
        }
        if let failure = store.failure { throw failure }
    }

    /// The message itself, or one inside.
    private func isMessage(_ index: Int) -> Bool {
        tree.parts[index].content.parent.map { tree.parts[$0].content.kind == .message || divided.contains($0) } ?? true
    }

    private mutating func readHeader(_ index: Int) {
        let header = tree.parts[index].content.header
        guard !needs.isDisjoint(with: [.text, .urls]), !header.range.isEmpty,
            let region = header.region == 0 ? raw : own[header.region]
        else { return }
        withExtendedLifetime(region) { rendering.header(region.bytes, header, of: index, &store) }
    }

    private mutating func decode(_ index: Int) throws(StoreFailure) {
        let part = tree.parts[index]
        if let leaf = leaves.known(part) {
            found[index] = leaf
            return
        }
        guard let region = part.content.raw.region == 0 ? raw : own[part.content.raw.region] else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: region.bytes[part.content.raw.range])
        let isDivisible = tree.isDivisible(index)
        let isRendered = !needs.isDisjoint(with: [.text, .urls])
        // Files are looked for in text that was encoded, whatever else is needed.
        let isText = TextRendering.isText(part.content) && (isRendered || part.decoder != .identity)
        var leaf = try leaves.decode(part, bytes, into: &store, asRegion: isDivisible, isText: isText)
        if isDivisible {
            divided.insert(index)
            if let inner = leaf.region {
                own[leaf.decoded.region] = inner
                tree.append(decoded: inner.bytes, region: leaf.decoded.region, of: index)
                withExtendedLifetime(inner) {}
            } else if part.decoder == .identity {
                tree.append(decoded: bytes, region: part.content.raw.region, base: part.content.raw.range.lowerBound, of: index)
            } else {
                leaf.flags.insert(.limit)
                leaf.decoded.gaps.insert(.limitHit)
            }
        }
        if isRendered {
            // What says to be something else and is text all the same is rendered by the clients that look.
            let looksLikeText = TextRendering.looksLikeText(leaf.type, declared: part.content.declaredType)
            if !isText, looksLikeText { leaf.head = part.decoder.decoded(bytes, most: LeafDecoder.textBytes).bytes }
            if isText || looksLikeText { leaf.flags.formUnion(rendering.render(part, leaf, at: index, &store)) }
        }
        let isBinHex = leaf.type == Self.binHex || part.content.declaredType == Self.binHex
        if part.decoder != .identity {
            if isText, leaf.head.count < leaf.decoded.range.count { leaf.flags.insert(.limit) }
            if isText ? Self.mayHoldFiles(leaf.head) : isBinHex, try !findFiles(in: part, bytes, at: index) {
                leaf.flags.insert(.limit)
            }
        } else if isBinHex, part.content.declaredType != "text/plain" {
            tree.append(filesIn: bytes, region: part.content.raw.region, base: part.content.raw.range.lowerBound, of: index)
        }
        withExtendedLifetime(region) {}
        leaf.head = []
        leaf.region = nil
        found[index] = leaf
    }

    /// Files inside text that was encoded itself. (In text that was not, the tree has found them.) False: there was no room to look.
    private mutating func findFiles(
        in part: MessageTree.Part, _ bytes: UnsafeRawBufferPointer, at index: Int
    ) throws(StoreFailure) -> Bool {
        guard store.hasRoomForOwn else { return false }
        let made = try store.addRegion { builder in
            _ = part.decoder.decode(bytes) { chunk in
                builder.append(chunk)
                return builder.count < LeafDecoder.textBytes
            }
        }
        own[made.number] = made.region
        withExtendedLifetime(made.region) { tree.append(filesIn: made.region.bytes, region: made.number, base: 0, of: index) }
        return true
    }

    /// A file of the Macintosh as mail once carried it, in a part of its own.
    private static let binHex = "application/mac-binhex40"

    /// A line that begins like uuencode, yEnc or BinHex.
    private static func mayHoldFiles(_ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let line = bytes[start...].prefix(8)
                switch line[start] {
                case UInt8(ascii: "b"): if line.starts(with: "begin ".utf8) || line.starts(with: "begin-ba".utf8) { return true }
                case UInt8(ascii: "="): if line.starts(with: "=ybegin ".utf8) { return true }
                case UInt8(ascii: "("): if line.elementsEqualFolded("(this fi") { return true }
                default: break
                }
                guard let newline = bytes.offset(of: 0x0A, from: start) else { return false }
                start = newline + 1
            }
            return false
        }
    }

    /// Bytes of all names: readings of them must not multiply a message.
    private static let nameBytes = 2 << 20

    private static func shortenNames(_ parts: inout [ContentPart]) {
        var bytes = 0
        for index in parts.indices {
            bytes += parts[index].names.reduce(0) { $0 + $1.utf8.count }
            guard bytes > nameBytes, parts[index].names.count > 1 else { continue }
            parts[index].names = [String(parts[index].names[0].prefix(255))]
            parts[index].flags.insert(.limit)
            parts[index].gaps.insert(.limitHit)
        }
    }

    consuming func finish() throws(StoreFailure) -> MessageContent {
        var parts = tree.parts.map(\.content)
        for (index, leaf) in found {
            parts[index].decoded = leaf.decoded
            parts[index].sha256 = leaf.sha256
            parts[index].detectedType = leaf.type
            var flags = leaf.flags
            if DetectedType.differs(leaf.type, fromDeclared: parts[index].declaredType) { flags.insert(.typeMismatch) }
            parts[index].flags.formUnion(flags)
            parts[index].gaps.formUnion(flags.gaps)
        }
        if rendering.isLimited {
            parts[0].flags.insert(.limit)
            parts[0].gaps.insert(.limitHit)
        }
        Self.shortenNames(&parts)
        let (texts, urls) = (needs.contains(.text) ? rendering.texts : [], needs.contains(.urls) ? rendering.urls : [])
        let regions = try store.seal(with: raw)
        return MessageContent(built: needs, regions: regions, parts: parts, texts: texts, urls: urls)
    }
}
