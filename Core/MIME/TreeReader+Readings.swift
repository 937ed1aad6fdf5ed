import Mail

/// What is noted of an entity, and what other readers would make of it.
extension TreeReader {
    /// A line that looks like a boundary and is none of those that are open, with a field of MIME below it.
    mutating func noteStranger(_ line: Int, _ end: Int) {
        guard let index = frames.lastIndex(where: { !$0.boundary.isEmpty }), frames[index].guess == nil else { return }
        let lineEnd = bytes.endOfLine(from: line, to: end)
        guard lineEnd < end, PartHeader.mimeName(bytes, at: lineEnd, to: end) != nil else { return }
        let name = boundary(in: line..<lineEnd)
        guard name.count >= 4 else { return }
        guard spend(frames[index].facts.type.parameters.text.count) else {
            tree.parts[frames[index].part].content.flags.insert(.limit)
            return
        }
        if frames[index].facts.type.parameters.text.offset(of: name, from: 0) != nil { frames[index].guess = name }
    }

    /// The text behind the `--` of a line, without blanks at its end.
    private func boundary(in line: Range<Int>) -> [UInt8] {
        var name = Array(bytes[line.lowerBound + 2..<line.upperBound].prefix(DelimiterSet.longest))
        while let last = name.last, last <= 0x20 { name.removeLast() }
        return name
    }

    mutating func notePreamble(_ index: Int, _ line: Int) {
        if isMoreThanAHint(frames[index].bodyStart..<line) { tree.parts[frames[index].part].content.flags.insert(.textOutsideParts) }
    }

    /// Text that says more than that this is a message in MIME format.
    private func isMoreThanAHint(_ range: Range<Int>) -> Bool {
        range.count > 512 || bytes.dashLine(from: range.lowerBound, to: range.upperBound) != nil
    }

    /// An entity has ended: what is odd about it as a whole, and its other readings.
    mutating func finish(_ frame: Frame, _ body: Range<Int>) {
        let kind = tree.parts[frame.part].content.kind
        let reading = frame.entity.reading
        switch kind {
        case .multipart: finishMultipart(frame, body)
        case .message: break
        case .leaf: finishLeaf(frame, body)
        }
        for mode in frame.facts.header.others where !reading.header.contains(mode) {
            var other = reading
            other.header.insert(mode)
            queue(other, frame, body.upperBound)
        }
        guard !reading.isLeaf, reading.boundary == nil, !reading.isMessage else { return }
        for (i, type) in frame.facts.otherTypes.enumerated() where reading.type == 0 {
            if type.media.isMultipart || type.media.isMessage || kind != .leaf {
                var other = reading
                other.type = i + 1
                queue(other, frame, body.upperBound)
            } else if type.media.name != tree.parts[frame.part].content.declaredType {
                copy(frame.part) { $0.content.declaredType = type.media.name }
            }
        }
    }

    private mutating func finishMultipart(_ frame: Frame, _ body: Range<Int>) {
        let reading = frame.entity.reading
        var flags = tree.parts[frame.part].content.flags
        if frame.isClosed {
            if bytes[frame.epilogueStart..<max(frame.epilogueStart, body.upperBound)].contains(where: { $0 > 0x20 }),
                isMoreThanAHint(frame.epilogueStart..<body.upperBound)
            {
                flags.insert(.textOutsideParts)
            }
        } else if frame.children > 0 {
            flags.insert(.unclosed)
        }
        if frame.children == 0 { flags.insert(.noParts) }
        if frame.hasLookalike || frame.guess != nil { flags.insert(.boundaryLookalike) }
        tree.parts[frame.part].content.flags = flags

        if frame.hasLookalike, !reading.isLenient {
            var other = reading
            other.isLenient = true
            queue(other, frame, body.upperBound)
        }
        guard !reading.isLeaf else { return }
        if reading.boundary == nil {
            var tried = [frame.boundary]
            var rivals = Array(frame.facts.type.boundaries.dropFirst())
            if let guess = frame.guess { rivals.append(guess) }
            for boundary in rivals where !tried.contains(boundary) {
                tried.append(boundary)
                if occurs(boundary, in: body) { queue(boundary, frame, body.upperBound) }
            }
            if frame.children == 0, let guess = guess(in: body), !tried.contains(guess.boundary) {
                queue(guess.boundary, frame, body.upperBound, isLenient: guess.isLenient)
            }
        }
        if frame.children == 0 || frame.facts.encodings.isEncoding, frame.entity.hasHeader {
            // Someone takes it for what its encoding says, or for text.
            var other = reading
            other.boundary = nil
            other.isLeaf = true
            queue(other, frame, body.upperBound)
        }
    }

    /// Whether a line begins with that boundary.
    mutating func occurs(_ boundary: [UInt8], in body: Range<Int>) -> Bool {
        guard spend(body.count) else { return false }
        tree.steps += body.count
        return bytes.offset(ofBoundary: boundary, in: body) != nil
    }

    /// The first line that begins with `--` and has a field of MIME below it; shorter, where a later line closes what it only begins with.
    mutating func guess(in body: Range<Int>) -> (boundary: [UInt8], isLenient: Bool)? {
        guard spend(body.count) else { return nil }
        tree.steps += body.count
        var found: [UInt8]?
        var at = body.lowerBound
        while let line = bytes.dashLine(from: at, to: body.upperBound) {
            let lineEnd = bytes.endOfLine(from: line, to: body.upperBound)
            at = lineEnd
            let name = boundary(in: line..<lineEnd)
            if let found {
                guard name.count > 5, name.suffix(2) == [0x2D, 0x2D], name.count - 2 < found.count, found.starts(with: name.dropLast(2))
                else { continue }
                return (name.dropLast(2), true)
            }
            if lineEnd < body.upperBound, !name.isEmpty, PartHeader.mimeName(bytes, at: lineEnd, to: body.upperBound) != nil {
                found = name
            }
        }
        return found.map { ($0, false) }
    }

    private mutating func queue(_ boundary: [UInt8], _ frame: Frame, _ end: Int, isLenient: Bool = false) {
        var other = frame.entity.reading
        if isLenient { other.isLenient = true }
        other.boundary = boundary
        queue(other, frame, end)
    }

    mutating func queue(_ reading: Reading, _ frame: Frame, _ end: Int) {
        let original = frame.part
        tree.parts[original].content.gaps.insert(.ambiguous)
        guard reading != frame.entity.reading, mayRead(original, end - frame.entity.start) else { return }
        var entity = frame.entity
        entity.reading = reading
        entity.alternativeTo = original
        entity.generation += 1
        entity.path = "\(tree.parts[original].content.path)~\(tree.parts[original].readings)"
        entity.childPrefix = entity.path
        // A header that is read in the same way says the same.
        let isSameHeader = reading.header == frame.entity.reading.header && frame.entity.reading.type == 0
        pending.append((entity, end, isSameHeader ? frame.facts : nil))
    }

    /// One more reading of part `index`, of `size` bytes: whether the limits allow it. Then it is counted.
    private mutating func mayRead(_ index: Int, _ size: Int) -> Bool {
        guard tree.parts[index].generation < 2 else { return false }
        guard tree.parts[index].readings < min(limits.readingsPerPart, 255), tree.budget.readings > 0, tree.parts.count < limits.parts,
            spend(size)
        else {
            tree.parts[index].content.flags.insert(.limit)
            return false
        }
        tree.parts[index].readings += 1
        tree.budget.readings -= 1
        return true
    }

    private mutating func spend(_ size: Int) -> Bool {
        guard tree.budget.bytes >= size else { return false }
        tree.budget.bytes -= size
        return true
    }

    /// Another reading of a leaf that differs in nothing but what `change` does.
    mutating func copy(_ index: Int, _ change: (inout MessageTree.Part) -> Void) {
        tree.parts[index].content.gaps.insert(.ambiguous)
        guard mayRead(index, tree.parts[index].content.raw.range.count) else { return }
        var part = tree.parts[index]
        part.content.path += "~\(part.readings)"
        part.content.alternativeTo = index
        part.readings = 0
        part.generation += 1
        change(&part)
        tree.parts.append(part)
    }
}
