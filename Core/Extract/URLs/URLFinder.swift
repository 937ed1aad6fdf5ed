import Mail

/// Finds what mail clients make links of in plain text: addresses with a scheme, `www.` names, names under a public top-level domain, and those
/// that were defanged. One pass; what has been looked at is not looked at again.
struct URLFinder {
    struct Found: Equatable {
        var span: Range<Int>
        /// What a client would follow: with a scheme, not defanged, without line ends; at most 2,048 bytes.
        var value: [UInt8]
        var source: ContentURL.Source
        var isTruncated = false
    }

    private let text: UnsafeRawBufferPointer
    private var at = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    mutating func next() -> Found? {
        while at < text.count {
            guard Self.isHostByte(text[at]) else {
                at += 1
                continue
            }
            if let found = run() { return found }
        }
        return nil
    }

    // MARK: Bytes

    @inline(__always) private static func isAlphanumeric(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 }

    @inline(__always) private static func isHostByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte >= 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "*")
    }

    /// The length of white space or a quotation mark beyond ASCII that ends an address; 0: none.
    private func breakLength(_ place: Int) -> Int {
        switch text[place] {
        case 0xC2 where place + 1 < text.count: return [0xA0, 0xAB, 0xBB, 0x85].contains(text[place + 1]) ? 2 : 0
        case 0xE2 where place + 2 < text.count:
            let (second, third) = (text[place + 1], text[place + 2])
            let isBreak =
                second == 0x80 && (third <= 0x8B || (0x98...0x9F).contains(third) || third == 0xA8 || third == 0xA9 || third == 0xAF)
            return isBreak || second == 0x80 && (third == 0xB9 || third == 0xBA) ? 3 : 0
        case 0xE3 where place + 2 < text.count:
            return text[place + 1] == 0x80 && text[place + 2] != 0x85 && text[place + 2] != 0x86 && text[place + 2] < 0xA0 ? 3 : 0
        case 0xEF where place + 2 < text.count:
            // Full-width comma, brackets, and the byte order mark.
            return text[place + 1] == 0xBC && [0x88, 0x89, 0x8C].contains(text[place + 2])
                || text[place + 1] == 0xBB && text[place + 2] == 0xBF
                ? 3 : 0
        default: return 0
        }
    }

    private func endsAddress(_ place: Int) -> Bool {
        let byte = text[place]
        return byte <= 32 || byte == 127 || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "\"")
            || byte == UInt8(ascii: "`") || byte >= 0xC2 && breakLength(place) > 0
    }

    // MARK: Runs of host bytes

    /// Longer than any name; what is in one run may be looked at again once for each name in it.
    private static let mostRunBytes = 512

    /// Looks at the run that begins at `at` and goes behind it.
    private mutating func run() -> Found? {
        let start = at
        var hasDot = false
        var isDefanged = false
        var lastIsASCII = true
        while at < min(text.count, start + Self.mostRunBytes) {
            let byte = text[at]
            if byte >= 0x80 {
                if byte >= 0xC2, breakLength(at) > 0 { break }
                lastIsASCII = false
                at += 1
            } else if Self.isHostByte(byte) {
                if byte == UInt8(ascii: ".") { hasDot = true }
                at += 1
            } else if let length = Defanged.dot(text, at), at > start {
                hasDot = true
                isDefanged = true
                at += length
            } else {
                break
            }
        }
        let end = at
        if end == start {
            at += max(breakLength(start), 1)
            return nil
        }
        if end < text.count {
            if let length = Defanged.separator(text, end), let (scheme, from) = scheme(start..<end) {
                return address(from: from, scheme: scheme, afterScheme: end + length)
            }
            if text[end] == UInt8(ascii: ":"), end - start >= 6, text[(end - 6)..<end].elementsEqualFolded("mailto") {
                return address(from: end - 6, scheme: (Array("mailto:".utf8), false), afterScheme: end + 1)
            }
            if text[end] == UInt8(ascii: "@") {
                skipMailbox()
                return nil
            }
        }
        guard hasDot, isFree(start) else { return nil }
        if let found = name(start..<end, isDefanged) { return found }
        if !lastIsASCII { return nameAmongOthers(start..<end) }
        return nil
    }

    /// Not within a path or an address.
    private func isFree(_ start: Int) -> Bool {
        // Letters of another script behind a name that was found are no part of it.
        guard start > 0, text[start] < 0x80 else { return true }
        let before = text[start - 1]
        return !Self.isAlphanumeric(before) && ![47, 92, 64, 126, 36].contains(before)
    }

    /// Behind the `@` of an e-mail address: its domain is no host.
    private mutating func skipMailbox() {
        at += 1
        while at < text.count, Self.isHostByte(text[at]), text[at] < 0x80 || breakLength(at) == 0 { at += 1 }
    }

    /// The known scheme at the end of a run, and where it begins.
    private func scheme(_ run: Range<Int>) -> (scheme: (text: [UInt8], isDefanged: Bool), from: Int)? {
        for (word, scheme, isDefanged) in Defanged.schemes {
            let length = word.utf8CodeUnitCount
            guard run.count >= length, text[(run.upperBound - length)..<run.upperBound].elementsEqualFolded(word) else { continue }
            return ((Array("\(scheme)://".utf8), isDefanged), run.upperBound - length)
        }
        return nil
    }

    // MARK: Names

    private mutating func name(_ run: Range<Int>, _ isDefanged: Bool) -> Found? {
        var run = run
        while let last = run.last,
            text[last] == UInt8(ascii: ".") || text[last] == UInt8(ascii: "-") || text[last] == UInt8(ascii: "_")
                || text[last] == UInt8(ascii: "*")
        {
            run = run.lowerBound..<last
        }
        while let first = run.first, [46, 45, 42, 95].contains(text[first]) { run = (first + 1)..<run.upperBound }
        // A name is no longer; brackets around dots make it look so.
        guard run.count >= 4, run.count <= 1024 else { return nil }
        let host = Defanged.undone(UnsafeRawBufferPointer(rebasing: text[run]))
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count > 1, host.count <= 255, !labels.contains(where: \.isEmpty), let last = labels.last else { return nil }
        let isWWW = labels.count > 2 && labels[0].elementsEqualFolded("www")
        guard !host.contains(UInt8(ascii: "*")), isWWW || TopLevelDomains.shared.contains(last) else { return nil }
        at = run.upperBound
        return address(from: run.lowerBound, scheme: nil, afterScheme: run.upperBound, isDefanged: isDefanged)
    }

    /// A name of ASCII with letters of another script around it.
    private mutating func nameAmongOthers(_ run: Range<Int>) -> Found? {
        var place = run.lowerBound
        while place < run.upperBound {
            let start = place
            while place < run.upperBound, text[place] < 0x80 { place += 1 }
            if place - start >= 4, text[start..<place].contains(UInt8(ascii: ".")), let found = name(start..<place, false) { return found }
            while place < run.upperBound, text[place] >= 0x80 { place += 1 }
        }
        return nil
    }

    // MARK: Addresses

    /// Reads an address up to its end as clients see it. Without a scheme, `rest` is behind the name.
    private mutating func address(
        from start: Int, scheme: (text: [UInt8], isDefanged: Bool)?, afterScheme rest: Int, isDefanged: Bool = false
    ) -> Found? {
        var end = rest
        if scheme == nil {
            // A port, a path, a query; anything else is no part of a name.
            if end < text.count, text[end] == UInt8(ascii: ":") {
                var port = end + 1
                while port < text.count, text[port] &- 48 < 10 { port += 1 }
                if port > end + 1, port - end <= 6 { end = port }
            }
            if end < text.count, text[end] == UInt8(ascii: "@") {
                at = end
                skipMailbox()
                return nil
            }
            if end < text.count, [47, 63, 35].contains(text[end]) { end = extent(from: end) }
        } else {
            // First the host, so that nothing behind it is looked at twice.
            end = authorityEnd(from: rest) ?? extent(from: rest)
        }
        at = max(end, rest)
        if let whole = bracketed(start: start, rest: rest, end: end) {
            at = whole.upperBound
            return found(start..<whole.upperBound, scheme, rest: rest, isDefanged)
        }
        if scheme != nil || end > rest { end = trimmed(rest..<end) }
        // A scheme alone is nothing.
        if scheme != nil, end <= rest { return nil }
        at = max(at, end)
        return found(start..<end, scheme, rest: rest, isDefanged)
    }

    private func extent(from start: Int) -> Int {
        var end = start
        while end < text.count, !endsAddress(end) {
            // A list of addresses without spaces.
            if text[end] == UInt8(ascii: ",") || text[end] == UInt8(ascii: ";") || text[end] == UInt8(ascii: "|"), startsWeb(end + 1) {
                break
            }
            end += 1
        }
        return end
    }

    /// Where a host ends at punctuation that is in none; nil: it has none, or is behind user information, where it may be.
    private func authorityEnd(from start: Int) -> Int? {
        var cut: Int?
        var place = start
        let last = min(text.count, start + HTMLLink.mostBytes)
        while place < last, !endsAddress(place), ![47, 92, 63, 35].contains(text[place]) {
            if text[place] == UInt8(ascii: "@") { return nil }
            if cut == nil, [33, 39, 44, 59, 94, 124].contains(text[place]) { cut = place }
            place += 1
        }
        return cut
    }

    private func startsWeb(_ place: Int) -> Bool {
        guard place + 8 <= text.count else { return false }
        return text[place..<place + 7].elementsEqualFolded("http://") || text[place..<place + 8].elementsEqualFolded("https://")
    }

    /// Between angle brackets an address goes on behind line ends (RFC 3986 appendix C).
    private func bracketed(start: Int, rest: Int, end: Int) -> Range<Int>? {
        let opens =
            start > 0 && text[start - 1] == UInt8(ascii: "<")
            || start >= 5 && text[(start - 5)..<start].elementsEqualFolded("<url:")
        guard opens, end < text.count, text[end] == 10 || text[end] == 13 else { return nil }
        var place = end
        let last = min(text.count, start + HTMLLink.mostBytes)
        var isLineStart = false
        while place < last {
            let byte = text[place]
            if byte == UInt8(ascii: ">") { return start..<place }
            if byte == 10 || byte == 13 {
                isLineStart = true
            } else if byte == 32 || byte == 9 {
                if !isLineStart { return nil }
            } else if byte < 32 || byte == UInt8(ascii: "<") || byte == UInt8(ascii: "\"") {
                return nil
            } else {
                isLineStart = false
            }
            place += 1
        }
        return nil
    }

    /// Without the punctuation of the sentence around it, and closing brackets that were opened outside.
    private func trimmed(_ range: Range<Int>) -> Int {
        var open = [0, 0, 0]
        func bracket(_ byte: UInt8) -> (kind: Int, step: Int)? {
            switch byte {
            case 40: (0, 1)
            case 41: (0, -1)
            case 91: (1, 1)
            case 93: (1, -1)
            case 123: (2, 1)
            case 125: (2, -1)
            default: nil
            }
        }
        for place in range { if let (kind, step) = bracket(text[place]) { open[kind] += step } }
        var end = range.upperBound
        while end > range.lowerBound {
            let byte = text[end - 1]
            if let (kind, step) = bracket(byte) {
                // One that is opened within stays; an opening one at the end goes.
                guard step > 0 || open[kind] < 0 else { break }
                open[kind] -= step
            } else if ![46, 44, 59, 58, 33, 63, 39, 42, 95, 126, 124].contains(byte) {
                // 。 and the like
                guard end - range.lowerBound >= 3, text[end - 3] == 0xEF, text[end - 2] == 0xBC || text[end - 2] == 0xBD,
                    [0x81, 0x9A, 0x9B, 0x9F, 0xA1].contains(byte)
                else { break }
                end -= 2
            }
            end -= 1
        }
        return end
    }

    private func found(_ span: Range<Int>, _ scheme: (text: [UInt8], isDefanged: Bool)?, rest: Int, _ isDefanged: Bool) -> Found {
        let most = HTMLLink.mostBytes
        let isTruncated = span.count > most
        var isDefanged = isDefanged || scheme?.isDefanged == true
        let from = scheme == nil ? span.lowerBound : rest
        let kept = UnsafeRawBufferPointer(rebasing: text[from..<min(span.upperBound, max(from, span.lowerBound + most))])
        var value = scheme?.text ?? Array("http://".utf8)
        if scheme != nil, scheme!.isDefanged || text[span.lowerBound..<rest].contains(UInt8(ascii: "[")) { isDefanged = true }
        let tail = Defanged.undone(kept)
        if tail.count != kept.count { isDefanged = true }
        value += tail
        // Only within angle brackets are there any.
        value.removeAll { $0 <= 32 }
        let source: ContentURL.Source = isDefanged ? .defanged : scheme == nil ? .name : .text
        return Found(span: span, value: value, source: source, isTruncated: isTruncated)
    }
}

extension Collection where Element == UInt8 {
    /// Equal to `word`, which is lower case, but for the case of ASCII letters.
    func elementsEqualFolded(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in zip(self, word).allSatisfy { ($0 &- 65 < 26 ? $0 | 0x20 : $0) == $1 } }
    }
}
