import Mail

/// Text under way: white space collapsed as CSS has it in normal flow (CSS Text section 4), line ends and empty lines where blocks begin and end.
struct HTMLText: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var flags: PartFlags = []
    private(set) var origins = HTMLOrigins()
    /// Line ends owed before the next character: 1, or 2 for an empty line.
    private var breaks = 0
    private var isSpaceOwed = false
    private var isTabOwed = false

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// What follows is from `place` of the page on.
    @inline(__always) mutating func note(page place: Int) { origins.note(text: bytes.count, page: place) }

    mutating func block(_ lines: Int) { breaks = max(breaks, lines) }

    mutating func cell() { isTabOwed = true }

    mutating func lineBreak() {
        flush()
        isSpaceOwed = false
        bytes.append(10)
    }

    /// A list item's mark.
    mutating func mark(_ text: some Sequence<UInt8>) {
        flush()
        bytes.append(contentsOf: text)
    }

    /// The text of a page inside the page; returns where it stands.
    mutating func insert(_ text: [UInt8]) -> Range<Int> {
        block(1)
        flush()
        bytes.append(contentsOf: text)
        breaks = 1
        return bytes.count - text.count..<bytes.count
    }

    /// What came behind `start` is shown from right to left. Letters of scripts that run so anyway stay as they are.
    /// Returns the pieces that were turned.
    mutating func turn(from start: Int) -> [Range<Int>] {
        flags.insert(.bidi)
        guard start < bytes.count else { return [] }
        origins.forget(behind: start)
        return HTMLTurnedText.turn(&bytes, from: start)
    }

    private var isAtLineStart: Bool { bytes.last == 10 || bytes.isEmpty }

    /// What is owed comes before the next character that shows.
    private mutating func flush() {
        if breaks > 0 {
            while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
            if !bytes.isEmpty {
                let there = bytes.last == 10 ? bytes.count > 1 && bytes[bytes.count - 2] == 10 ? 2 : 1 : 0
                for _ in there..<max(breaks, there) { bytes.append(10) }
            }
        } else if isTabOwed {
            if !isAtLineStart { bytes.append(9) }
        } else if isSpaceOwed, !isAtLineStart, bytes.last != 32, bytes.last != 9 {
            bytes.append(32)
        }
        breaks = 0
        isTabOwed = false
        isSpaceOwed = false
    }

    mutating func append(_ text: UnsafeRawBufferPointer, keepsSpace: Bool) {
        var at = 0
        let count = text.count
        while at < count {
            let byte = text[at]
            if byte <= 32 {
                appendSpace(byte, keepsSpace)
                at += 1
                continue
            }
            var end = at
            while end < count, text[end] > 32, !Self.mayBeInvisible(text[end]) { end += 1 }
            if end > at {
                flush()
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[at..<end]))
                at = end
                continue
            }
            at += appendOdd(text, at)
        }
    }

    mutating func append(_ scalar: Unicode.Scalar, keepsSpace: Bool) {
        var utf8 = UTF8.encode(scalar)!.makeIterator()
        var word: UInt32 = 0
        var count = 0
        while let byte = utf8.next() {
            word |= UInt32(byte) << UInt32(8 * count)
            count += 1
        }
        withUnsafeBytes(of: &word) { append(UnsafeRawBufferPointer(rebasing: $0[..<count]), keepsSpace: keepsSpace) }
    }

    private mutating func appendSpace(_ byte: UInt8, _ keepsSpace: Bool) {
        guard HTMLTokenizer.isSpace(byte) else {
            // NUL and controls show nothing.
            if byte == 0 { flags.insert(.nul) }
            return
        }
        guard keepsSpace else {
            isSpaceOwed = true
            return
        }
        if byte == 13 { return }
        flush()
        bytes.append(byte == 12 ? 32 : byte)
    }

    /// Leading bytes of what shows nothing, of no-break spaces and of bidirectional controls.
    @inline(__always) private static func mayBeInvisible(_ byte: UInt8) -> Bool {
        byte >= 0xC2 && (byte == 0xE2 || byte == 0xC2 || byte == 0xEF || byte == 0xCD || byte == 0xE1 || byte == 0xF3 || byte == 0xD8)
    }

    /// One character that may be odd; returns its length.
    private mutating func appendOdd(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
        let length = text[at] < 0xE0 ? 2 : text[at] < 0xF0 ? 3 : 4
        guard at + length <= text.count, text[(at + 1)..<(at + length)].allSatisfy({ $0 & 0xC0 == 0x80 }) else {
            flush()
            bytes.append(text[at])
            return 1
        }
        var value = UInt32(text[at]) & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07)
        for byte in text[(at + 1)..<(at + length)] { value = value << 6 | UInt32(byte & 0x3F) }
        switch value {
        case 0xA0, 0x202F, 0x2007:
            flush()
            bytes.append(32)
            return length
        case 0x200C, 0x200D:
            // Joiners belong to scripts and emoji; between Latin letters they only tear words apart.
            let isBetween = bytes.last.map { $0 >= 0x80 } == true && at + length < text.count && text[at + length] >= 0x80
            guard isBetween else {
                flags.insert(.zeroWidth)
                return length
            }
        case 0xAD, 0x34F, 0x180E, 0x200B, 0x2060...0x2064, 0xFEFF, 0xE0000...0xE007F:
            flags.insert(.zeroWidth)
            return length
        case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: flags.insert(.bidi)
        default: break
        }
        flush()
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[at..<(at + length)]))
        return length
    }
}
