import Mail

/// Takes bytes apart into the parts of a `MessageTree`: an explicit stack of open entities, one search for lines that begin with `--`. What would be
/// read otherwise is noted, and read once the first reading is done, each within the bounds of the entity that it is of.
struct TreeReader {
    let bytes: UnsafeRawBufferPointer
    /// Of the refs that are made.
    let region: Int
    let base: Int
    var tree: MessageTree
    var frames: [Frame] = []
    var delimiters = DelimiterSet()
    /// Readings still to be made, each of a range that the first one settled, with what is known of the header.
    var pending: [(entity: Entity, end: Int, known: PartFacts?)] = []

    init(_ bytes: UnsafeRawBufferPointer, region: Int, base: Int, tree: MessageTree) {
        self.bytes = bytes
        self.region = region
        self.base = base
        self.tree = tree
    }

    var limits: TreeLimits { tree.budget.limits }

    /// The whole, as a message, or as what part `index` holds when it is decoded.
    mutating func read(messageIn index: Int?) {
        let first = tree.parts.count
        var entity = Entity(start: 0, parent: nil, path: "", childPrefix: "", isMessage: true, depth: 0)
        if let index {
            entity = nested(in: index, at: 0)
            entity.generation = tree.parts[index].generation
            if !MediaType.isMessage(tree.parts[index].content.declaredType) {
                entity.hasHeader = false
                entity.isMessage = false
                entity.reading.boundary = tree.parts[index].boundary
            }
        }
        run(entity, to: bytes.count)
        var next = 0
        while next < pending.count, tree.parts.count < limits.parts {
            let (entity, end, known) = pending[next]
            pending[next].known = nil
            next += 1
            run(entity, to: end, known)
        }
        if next < pending.count { tree.parts[0].content.flags.insert(.limit) }
        for i in first..<tree.parts.count { settle(i) }
        if first > 0 { settle(0) }
    }

    private mutating func settle(_ index: Int) {
        let gaps = tree.parts[index].content.flags.gaps
        tree.parts[index].content.gaps.formUnion(gaps)
    }

    /// The message that part `index` is.
    private func nested(in index: Int, at start: Int) -> Entity {
        let path = tree.parts[index].content.path
        return Entity(
            start: start, parent: index, path: path, childPrefix: path, isMessage: true, depth: tree.parts[index].depth + 1,
            messagePath: path)
    }

    func ref(_ range: Range<Int>) -> ContentRef { ContentRef(region: region, base + range.lowerBound..<base + range.upperBound) }

    private mutating func run(_ entity: Entity, to end: Int, _ known: PartFacts? = nil) {
        let reading = entity.reading
        delimiters.removeAll()
        delimiters.takesPrefixes = reading.isLenient
        tree.steps += end - entity.start
        var at = open(entity, to: end, known)
        while !delimiters.isEmpty, let line = bytes.dashLine(from: at, to: end) {
            tree.steps += 1
            at = line + 2
            guard let match = delimiters.match(bytes, at: line, to: end) else {
                noteStranger(line, end)
                continue
            }
            let isCarriage = line > 0 && bytes[line - 1] == 0x0D
            let index = delimiters.frame(of: match)
            guard reading.isLenient || match.isExact && (!isCarriage || reading.carriage) else {
                frames[index].hasLookalike = true
                continue
            }
            if let near = delimiters.frame(near: match) { frames[near].hasLookalike = true }
            let lineEnd = bytes.endOfLine(from: line, to: end, carriage: reading.carriage || reading.isLenient)
            close(downTo: index + 1, at: endOfBody(before: line))
            at = lineEnd
            if frames[index].isClosed, !reading.isLenient {
                if !match.isClose { frames[index].hasLookalike = true }
                continue
            }
            if frames[index].children == 0 { notePreamble(index, line) }
            if match.isClose {
                frames[index].isClosed = true
                frames[index].epilogueStart = lineEnd
                continue
            }
            guard tree.parts.count < limits.parts else {
                tree.parts[0].content.flags.insert(.limit)
                tree.parts[frames[index].part].content.flags.insert(.limit)
                break
            }
            frames[index].isClosed = false
            frames[index].children += 1
            at = open(child(of: index, at: lineEnd), to: end)
        }
        close(downTo: 0, at: end)
    }

    private func child(of index: Int, at start: Int) -> Entity {
        var path = frames[index].entity.childPrefix
        if !path.isEmpty { path += "." }
        path += String(frames[index].children)
        return Entity(
            start: start, parent: frames[index].part, path: path, childPrefix: path, isInDigest: frames[index].isDigest,
            depth: frames[index].entity.depth + 1, reading: frames[index].entity.reading.inner, generation: frames[index].entity.generation)
    }

    /// Opens an entity, and the message that it is, and so on. Where its body begins.
    private mutating func open(_ entity: Entity, to end: Int, _ known: PartFacts? = nil) -> Int {
        var entity = entity
        var known = known
        while true {
            let facts = (known ?? self.facts(of: entity, to: end)).taking(type: entity.reading.type)
            known = nil
            let part = tree.parts.count
            frames.append(append(entity, facts))
            let boundary = frames[frames.count - 1].boundary
            let kind = tree.parts[part].content.kind
            if !boundary.isEmpty, kind == .multipart { delimiters.push(boundary, frame: frames.count - 1) }
            guard kind == .message else { return facts.header.bodyStart }
            var inner = nested(in: part, at: facts.header.bodyStart)
            inner.reading = entity.reading.inner
            inner.generation = entity.generation
            entity = inner
        }
    }

    private func facts(of entity: Entity, to end: Int) -> PartFacts {
        let header = PartHeader(
            bytes, entity.hasHeader ? entity.start..<end : entity.start..<entity.start, mode: entity.reading.header, delimiters: delimiters,
            isMessage: entity.isMessage)
        return PartFacts(bytes, header, default: entity.isInDigest ? .message : .plain, limits: limits)
    }

    /// The part, and what is open of it.
    private mutating func append(_ entity: Entity, _ facts: PartFacts) -> Frame {
        let index = tree.parts.count
        let reading = entity.reading
        let header = facts.header
        let media = facts.type.media
        var entity = entity
        var boundary = reading.boundary ?? []
        var kind = ContentPart.Kind.leaf
        var flags = facts.flags
        let isMultipart = !reading.isLeaf && (reading.boundary != nil || media.isMultipart)
        if isMultipart {
            kind = .multipart
            if boundary.isEmpty { boundary = facts.type.boundaries.first ?? [] }
            if facts.encodings.isEncoding { flags.insert(.oddEncoding) }
            if boundary.isEmpty || boundary.count > 70 { flags.insert(.badBoundary) }
        } else if reading.isMessage || media.isMessage, !reading.isLeaf {
            if facts.encodings.isEncoding { flags.insert(.oddEncoding) }
            if reading.isMessage || !facts.encodings.isEncoding { kind = .message }
        }
        // What is too deep, or has no room for what it holds, is left as it is.
        if kind != .leaf, entity.depth + 1 >= limits.depth || tree.parts.count + 1 >= limits.parts {
            kind = .leaf
            flags.insert(.limit)
            if !tree.parts.isEmpty { tree.parts[0].content.flags.insert(.limit) }
        }
        if let path = entity.messagePath, entity.alternativeTo == nil {
            // As IMAP numbers them: what a message consists of has the numbers behind the message's own; a multipart itself has none.
            let number = kind == .multipart ? "0" : "1"
            entity.path = path.isEmpty ? number : "\(path).\(number)"
            if kind != .multipart { entity.childPrefix = entity.path }
        }
        let typeName = reading.boundary != nil && !media.isMultipart ? "multipart/mixed" : media.name
        flags.formUnion(Self.kindFlags(media, facts))
        if header.others.contains(.pastEmpty) { flags.insert(.headerSplit) }
        var part = MessageTree.Part(
            ContentPart(
                path: entity.path, parent: entity.parent, kind: kind, declaredType: typeName, header: ref(header.range),
                raw: ref(header.bodyStart..<header.bodyStart), alternativeTo: entity.alternativeTo, charset: facts.charset,
                transferEncoding: facts.encodings.declared, disposition: facts.disposition, contentID: facts.contentID, names: facts.names,
                gaps: entity.alternativeTo == nil ? [] : .ambiguous, flags: flags))
        part.depth = entity.depth
        part.generation = entity.generation
        part.boundary =
            kind == .multipart || media.isMultipart && reading.isLeaf ? boundary.isEmpty ? facts.type.boundaries.first ?? [] : boundary : []
        if kind == .leaf { part.decoder = facts.encodings.first }
        if media.name == "text/plain", !facts.isDefaultType {
            part.isFlowed = facts.parameter("format") == "flowed"
            part.deletesSpaces = facts.parameter("delsp") == "yes"
        }
        makeRoom(at: entity.start)
        tree.parts.append(part)
        return Frame(
            entity: entity, part: index, facts: facts, boundary: boundary,
            isDigest: media.isMultipart && media.name == "multipart/digest")
    }

    /// For one more part. A list that doubles would be held twice while it grows: it is made as long as it will be if the rest, from offset `at` on,
    /// is like what was read.
    private mutating func makeRoom(at start: Int) {
        let count = tree.parts.count
        guard count == tree.parts.capacity else { return }
        let expected = count < 32 ? 2 * count + 4 : max(count * bytes.count / max(start, 1), count) * 9 / 8
        tree.parts.reserveCapacity(min(expected, limits.parts + 1))
    }

    /// What is signed, encrypted, elsewhere, or a format of its own, by type and name (RFC 8551, 1847, 3156, 2046).
    private static func kindFlags(_ media: MediaType, _ facts: PartFacts) -> PartFlags {
        if facts.names.isEmpty, media.name.hasPrefix("text/") { return [] }
        switch media.name {
        case "multipart/signed", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature": return .signed
        case "multipart/encrypted", "application/pgp-encrypted": return .encrypted
        case "application/pkcs7-mime", "application/x-pkcs7-mime":
            switch facts.parameter("smime-type") {
            case "signed-data", "compressed-data": return .signed
            case "certs-only": return []
            default: return .encrypted
            }
        case "application/ms-tnef", "application/vnd.ms-tnef": return .tnef
        case "message/partial": return .partial
        case "message/external-body": return .externalBody
        default:
            if facts.names.contains(where: { $0.hasSuffix(lowercase: ".p7m") }) { return .encrypted }
            return facts.names.contains { $0.utf8.count == 11 && $0.hasSuffix(lowercase: "winmail.dat") } ? .tnef : []
        }
    }

    /// The line break in front of a boundary belongs to it.
    private func endOfBody(before line: Int) -> Int {
        var end = line
        if end > 0, bytes[end - 1] == 0x0A { end -= 1 }
        if end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        return end
    }

    private mutating func close(downTo count: Int, at end: Int) {
        var end = end
        while frames.count > count {
            let frame = frames.removeLast()
            delimiters.pop(from: frames.count)
            // An empty line that ends a header may be the line break of the boundary, too.
            end = max(frame.bodyStart, end)
            let body = frame.bodyStart..<end
            tree.parts[frame.part].content.raw = ref(body)
            finish(frame, body)
        }
    }
}
