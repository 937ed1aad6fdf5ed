import Mail

/// Finds what mail clients make links of in plain text: addresses with a scheme, `www.` names, names under a public top-level domain, and those
/// that were defanged. One pass; what has been looked at is not looked at again.
struct URLFinder {
    struct Found {
        var span: Range<Int>
        /// What a client would follow where that is not the text of the span: with a scheme, not defanged, without line ends; at most 2,048 bytes.
        var rewritten: [UInt8]?
        var source: ContentURL.Source
        var isTruncated = false
    }

    /// What stands in front of an address, and what is meant by it.
    private struct Scheme {
        /// With what stands behind it.
        var text: StaticString
        var isDefanged: Bool
    }

    private let text: UnsafeRawBufferPointer
    private let ends: AddressEnd
    private var at = 0
    /// The last byte that was found without which nothing is an address.
    private var mark = -1

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        ends = AddressEnd(in: text)
    }

    mutating func next() -> Found? {
        while at < text.count {
            if mark < at {
                mark = text.linkMark(from: at)
                guard mark < text.count else { return nil }
                // Back to where the run that it ends or is in begins.
                var start = mark
                while start > at, Self.isHostByte(text[start - 1]) { start -= 1 }
                at = start
            }
            guard Self.isHostByte(text[at]) else {
                at += 1
                continue
            }
            if let found = run() { return found }
        }
        return nil
    }

    // MARK: Runs of host bytes

    @inline(__always) private static func isAlphanumeric(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 }

    /// A letter, a digit, what is beyond ASCII, and * - . _
    @inline(__always) private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x80..., 0x2A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    /// Longer than any name; what is in one run may be looked at again once for each name in it.
    private static let mostRunBytes = 512

    /// Looks at the run that begins at `at` and goes behind it.
    private mutating func run() -> Found? {
        let start = at
        let last = min(text.count, start + Self.mostRunBytes)
        var hasDot = false
        var isDefanged = false
        var lastIsASCII = true
        while at < last {
            let byte = text[at]
            if byte >= 0x80 {
                if byte >= 0xC2, ends.breakLength(at) > 0 { break }
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
            at += max(ends.breakLength(start), 1)
            return nil
        }
        if end < text.count {
            if let length = Defanged.separator(text, end), let (scheme, from) = scheme(start..<end) {
                return address(from: from, scheme: scheme, afterScheme: end + length)
            }
            if text[end] == UInt8(ascii: ":"), end - start >= 6, text[(end - 6)..<end].elementsEqualFolded("mailto") {
                return address(from: end - 6, scheme: Scheme(text: "mailto:", isDefanged: false), afterScheme: end + 1)
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
        while at < text.count, Self.isHostByte(text[at]), text[at] < 0x80 || ends.breakLength(at) == 0 { at += 1 }
    }

    /// The known scheme at the end of a run, and where it begins.
    private func scheme(_ run: Range<Int>) -> (scheme: Scheme, from: Int)? {
        for (word, scheme, isDefanged) in Defanged.schemes {
            let length = word.utf8CodeUnitCount
            guard run.count >= length, text[(run.upperBound - length)..<run.upperBound].elementsEqualFolded(word) else { continue }
            return (Scheme(text: scheme, isDefanged: isDefanged), run.upperBound - length)
        }
        return nil
    }

    // MARK: Names

    private mutating func name(_ run: Range<Int>, _ isDefanged: Bool) -> Found? {
        var run = run
        while let last = run.last, Self.isNoEnd(text[last]) { run = run.lowerBound..<last }
        while let first = run.first, Self.isNoEnd(text[first]) { run = (first + 1)..<run.upperBound }
        // A name is no longer; brackets around dots make it look so.
        guard run.count >= 4, run.count <= 1024 else { return nil }
        let host = UnsafeRawBufferPointer(rebasing: text[run])
        guard Defanged.mayHoldDot(host) ? Defanged.undone(host).withUnsafeBytes(Self.isLinked) : Self.isLinked(host) else { return nil }
        at = run.upperBound
        return address(from: run.lowerBound, scheme: nil, afterScheme: run.upperBound, isDefanged: isDefanged)
    }

    /// * - . _
    private static func isNoEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    /// Whether clients make a link of a name alone: it begins with `www`, or ends in a public top-level domain.
    private static func isLinked(_ host: UnsafeRawBufferPointer) -> Bool {
        guard host.count <= 255 else { return false }
        var labels = 1
        var label = 0
        for at in host.indices {
            if host[at] == UInt8(ascii: ".") {
                guard at > label else { return false }
                labels += 1
                label = at + 1
            } else if host[at] == UInt8(ascii: "*") {
                return false
            }
        }
        guard labels > 1, host.count > label else { return false }
        if labels > 2, host.prefix(4).elementsEqualFolded("www.") { return true }
        return TopLevelDomains.shared.contains(UnsafeRawBufferPointer(rebasing: host[label...]))
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
    private mutating func address(from start: Int, scheme: Scheme?, afterScheme rest: Int, isDefanged: Bool = false) -> Found? {
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
            if end < text.count, [47, 63, 35].contains(text[end]) { end = ends.extent(from: end) }
        } else {
            // First the host, so that nothing behind it is looked at twice.
            end = ends.authorityEnd(from: rest) ?? ends.extent(from: rest)
        }
        at = max(end, rest)
        if let whole = ends.bracketed(start: start, rest: rest, end: end) {
            at = whole.upperBound
            return found(whole, scheme, rest: rest, isDefanged, isFolded: true)
        }
        if scheme != nil || end > rest { end = ends.trimmed(rest..<end) }
        // A scheme alone is nothing.
        if scheme != nil, end <= rest { return nil }
        at = max(at, end)
        return found(start..<end, scheme, rest: rest, isDefanged, isFolded: false)
    }

    private func found(_ span: Range<Int>, _ scheme: Scheme?, rest: Int, _ isDefanged: Bool, isFolded: Bool) -> Found {
        let most = HTMLLink.mostBytes
        let isTruncated = span.count > most
        let from = scheme == nil ? span.lowerBound : rest
        let kept = UnsafeRawBufferPointer(rebasing: text[from..<min(span.upperBound, max(from, span.lowerBound + most))])
        let mayHoldDisguise = Defanged.mayHoldDot(kept)
        if let scheme, !scheme.isDefanged, !isTruncated, !isFolded, !mayHoldDisguise,
            text[span.lowerBound..<rest].elementsEqualFolded(scheme.text)
        {
            return Found(span: span, rewritten: nil, source: .text)
        }
        var isDefanged = isDefanged || scheme?.isDefanged == true
        if scheme != nil, text[span.lowerBound..<rest].contains(UInt8(ascii: "[")) { isDefanged = true }
        var value: [UInt8] = []
        value.reserveCapacity(kept.count + 8)
        (scheme?.text ?? "http://").withUTF8Buffer { value += $0 }
        if mayHoldDisguise {
            let tail = Defanged.undone(kept)
            if tail.count != kept.count { isDefanged = true }
            value += tail
        } else {
            value += kept
        }
        // Only within angle brackets are there any.
        value.removeAll { $0 <= 32 }
        let source: ContentURL.Source = isDefanged ? .defanged : scheme == nil ? .name : .text
        return Found(span: span, rewritten: value, source: source, isTruncated: isTruncated)
    }
}
