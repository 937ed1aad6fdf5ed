import Mail

/// What is odd about leaves, and what they hold.
extension TreeReader {
    mutating func finishLeaf(_ frame: Frame, _ body: Range<Int>) {
        let index = frame.part
        let facts = frame.facts
        let reading = frame.entity.reading
        let decoder = tree.parts[index].decoder
        if decoder != .yenc, tree.parts[index].content.transferEncoding != "binary", bytes.offset(of: 0, in: body) != nil {
            tree.parts[index].content.flags.insert(.nul)
        }
        switch decoder {
        case .base64: finishBase64(index, body)
        case .quotedPrintable: finishQuotedPrintable(index, body)
        case .uuencode: nameOfUU(index, body)
        default: break
        }
        for decoder in facts.encodings.decoders.dropFirst() { copy(index) { $0.decoder = decoder } }
        // A part of another type that has a boundary, or none at all where a boundary begins its body.
        if reading.boundary == nil, !reading.isLeaf {
            var tried: [[UInt8]] = []
            for boundary in facts.boundaries where !tried.contains(boundary) {
                tried.append(boundary)
                if occurs(boundary, in: body) { queueMultipart(boundary, frame, body) }
            }
            if facts.isDefaultType || facts.type.media.isBad, let first = bytes[body].firstIndex(where: { $0 > 0x20 }),
                bytes.hasPrefix("--", at: first, to: body.upperBound), let guess = guess(in: first..<body.upperBound),
                !tried.contains(guess.boundary)
            {
                queueMultipart(guess.boundary, frame, body, isLenient: guess.isLenient)
            }
        }
        if facts.type.media.isMessage, facts.encodings.isEncoding, !reading.isMessage, !reading.isLeaf {
            // Some readers mind no encoding of a message.
            var other = reading
            other.isMessage = true
            queue(other, frame, body.upperBound)
        }
        if tree.parts[index].content.declaredType == "message/partial", !reading.isMessage, !reading.isLeaf,
            facts.parameter("number") == "1"
        {
            var other = reading
            other.isMessage = true
            queue(other, frame, body.upperBound)
        }
        if decoder == .identity, tree.parts[index].content.declaredType == "text/plain" {
            tree.append(
                filesIn: UnsafeRawBufferPointer(rebasing: bytes[body]), region: region, base: base + body.lowerBound, of: index)
        }
    }

    private mutating func queueMultipart(_ boundary: [UInt8], _ frame: Frame, _ body: Range<Int>, isLenient: Bool = false) {
        var other = frame.entity.reading
        if isLenient { other.isLenient = true }
        other.boundary = boundary
        queue(other, frame, body.upperBound)
    }

    /// Data behind padding is read in several ways.
    private mutating func finishBase64(_ index: Int, _ body: Range<Int>) {
        if bytes.hasPrefix("begin-base64 ", at: body.lowerBound, to: body.upperBound) {
            let start = bytes.endOfLine(from: body.lowerBound, to: body.upperBound)
            tree.parts[index].content.flags.insert(.badBase64)
            let rest = base + start..<base + body.upperBound
            copy(index) { $0.content.raw.range = rest }
        }
        guard var at = bytes.offset(of: 0x3D, in: body) else { return }
        while at < body.upperBound, bytes[at] <= 0x20 || bytes[at] == 0x3D { at += 1 }
        guard at < body.upperBound else { return }
        tree.parts[index].content.flags.insert(.badBase64)
        for padding in [TransferDecoder.Base64Padding.groups, .fills, .zero] { copy(index) { $0.decoder = .base64(padding) } }
    }

    private mutating func finishQuotedPrintable(_ index: Int, _ body: Range<Int>) {
        let survey = QuotedPrintableSurvey(bytes, in: body)
        if survey.hasJunk || survey.hasBareLineEndsInBinary { tree.parts[index].content.flags.insert(.badQuotedPrintable) }
        if survey.hasJunk {
            copy(index) { $0.decoder = .quotedPrintableWithoutEquals }
            copy(index) { $0.decoder = .quotedPrintableWithoutJunk }
        }
        if survey.hasBareLineEndsInBinary { copy(index) { $0.decoder = .quotedPrintableWithLF } }
    }

    private mutating func nameOfUU(_ index: Int, _ body: Range<Int>) {
        var at = body.lowerBound
        while at < body.upperBound, bytes[at] <= 0x20 { at += 1 }
        let end = bytes.endOfLine(from: at, to: body.upperBound)
        guard let name = EmbeddedFile.uuBegin(bytes, at: at, to: bytes.endOfText(at..<end))?.name else { return }
        let text = FileNames.text(name)
        for name in FileNames.readings(text) where !tree.parts[index].content.names.contains(name) {
            tree.parts[index].content.names.append(name)
        }
        if FileNames.isOdd(text) { tree.parts[index].content.flags.insert(.oddName) }
    }
}

extension MessageTree {
    /// Lists the files inside a leaf's text, as children of part `index`. `text` is the leaf decoded, which begins at `base` of region `region`; it
    /// has been done already for leaves of text/plain that are not encoded.
    public mutating func append(filesIn text: UnsafeRawBufferPointer, region: Int, base: Int, of index: Int) {
        var found = EmbeddedFile.find(in: text, most: budget.limits.embeddedFiles)
        if parts[index].content.declaredType == "application/mac-binhex40", !found.files.contains(where: { $0.encoding == "binhex" }) {
            // It says what it is itself.
            if let forks = BinHexFile.next(text, from: 0)?.forks { found.files += forks } else { found.flags.insert(.badEncodedFile) }
        }
        parts[index].content.flags.formUnion(found.flags)
        for (i, file) in found.files.enumerated() {
            guard parts.count < budget.limits.parts else {
                parts[index].content.flags.insert(.limit)
                break
            }
            var part = Part(
                ContentPart(
                    path: "\(parts[index].content.path)/\(i + 1)", parent: index, kind: .leaf, declaredType: "application/octet-stream",
                    header: ContentRef(region: region, base..<base),
                    raw: ContentRef(region: region, base + file.range.lowerBound..<base + file.range.upperBound)))
            part.content.transferEncoding = file.encoding
            part.content.names = FileNames.readings(FileNames.text(file.name))
            part.content.flags = file.flags
            if part.content.names.contains(where: FileNames.isOdd) { part.content.flags.insert(.oddName) }
            part.content.gaps = file.flags.gaps
            part.decoder = file.decoder
            part.depth = parts[index].depth + 1
            parts.append(part)
            parts[index].content.flags.insert(.embedded)
        }
        let gaps = parts[index].content.flags.gaps
        parts[index].content.gaps.formUnion(gaps)
    }
}
