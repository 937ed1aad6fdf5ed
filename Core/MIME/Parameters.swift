/// The parameters of a Content-Type or Content-Disposition (RFC 2045 section 5.1), taken apart as a tolerant reader does: comments anywhere, blanks
/// around `=`, quotes or semicolons missing. `isOdd` where a stricter one would see something else.
struct Parameters {
    struct Item {
        /// Lower case, with the asterisks of RFC 2231.
        var name: [UInt8]
        /// Without quotes, escapes and comments.
        var value: [UInt8]
        var isOdd: Bool
    }

    /// What stands before the first parameter, without comments and blanks around it.
    private(set) var head: [UInt8] = []
    private(set) var items: [Item] = []
    private(set) var isOdd = false
    /// A value holds a `=`: for those who mind no quotes it may hold another parameter.
    private(set) var hasEqualsInValue = false
    /// There are more than `most`.
    private(set) var isCut = false
    let text: [UInt8]
    private var at = 0

    /// More of them are not read.
    static let most = 64

    /// `text` is unfolded.
    init(_ text: [UInt8]) {
        self.text = text
        readHead()
        while at < text.count, items.count < Self.most { readItem() }
        if at < text.count {
            isOdd = true
            isCut = true
        }
    }

    private var byte: UInt8? { at < text.count ? text[at] : nil }

    /// The bytes from here on that have no meaning of their own, almost always the whole of what is read. Then `at` is behind them.
    @inline(__always)
    private mutating func plain(to isEnd: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = at
        while at < text.count, !isEnd(text[at]) { at += 1 }
        return text[start..<at]
    }

    private mutating func skipBlanks() { while at < text.count, text[at] <= 0x20 { at += 1 } }

    /// Blanks and comments. True if there was a comment.
    @discardableResult
    private mutating func skipComments() -> Bool {
        var found = false
        skipBlanks()
        while byte == 0x28 {
            found = true
            isOdd = true
            skipComment()
            skipBlanks()
        }
        return found
    }

    private mutating func skipComment() {
        var depth = 0
        while let byte {
            at += 1
            switch byte {
            case 0x5C: at += 1
            case 0x28: depth += 1
            case 0x29:
                depth -= 1
                if depth == 0 { return }
            default: break
            }
        }
        at = min(at, text.count)
    }

    private mutating func readHead() {
        skipComments()
        head = Array(plain { $0 <= 0x20 || $0 == 0x28 || $0 == 0x3B || $0 == 0x3D })
        while let byte, byte != 0x3B {
            if byte == 0x28 {
                skipComments()
                continue
            }
            if byte <= 0x20 {
                skipComments()
                guard let next = self.byte else { break }
                // `multipart / mixed` is one; behind anything else a semicolon is missing.
                if next == 0x3B || next == 0x2F || head.last == 0x2F { continue }
                isOdd = true
                return
            }
            if byte == 0x3D {
                // There is no head at all: it begins with a parameter.
                isOdd = true
                at = 0
                head = []
                return
            }
            head.append(byte)
            at += 1
        }
    }

    private mutating func readItem() {
        var isItemOdd = false
        while true {
            isItemOdd = skipComments() || isItemOdd
            guard byte == 0x3B else { break }
            at += 1
        }
        guard at < text.count else { return }
        var name = plain { $0 <= 0x20 || $0 == 0x22 || $0 == 0x28 || $0 == 0x3B || $0 == 0x3D }.prefix(128).lowercased
        naming: while let byte {
            switch byte {
            case 0x3D, 0x3B: break naming
            case 0x22:
                // Quotes where a name should be: what they hold is no parameter to a reader that minds them.
                isOdd = true
                isItemOdd = true
                _ = readQuoted()
            case 0x28: isItemOdd = skipComments() || isItemOdd
            case 0...0x20:
                skipComments()
                if let next = self.byte, next != 0x3D, next != 0x3B {
                    // Two words: the second may be the name of a parameter.
                    isOdd = true
                    isItemOdd = true
                    name = []
                }
            default:
                if name.count < 128 { name.append(asciiLower(byte)) }
                at += 1
            }
        }
        guard byte == 0x3D else {
            if !name.isEmpty { isOdd = true }
            return
        }
        at += 1
        let blankAt = at
        isItemOdd = skipComments() || isItemOdd
        if at > blankAt { isItemOdd = true }
        let value = byte == 0x22 ? quotedValue(&isItemOdd) : tokenValue(&isItemOdd)
        if isItemOdd { isOdd = true }
        if name.isEmpty { return }
        if value.contains(0x3D) { hasEqualsInValue = true }
        items.append(Item(name: name, value: value, isOdd: isItemOdd))
    }

    private mutating func quotedValue(_ isItemOdd: inout Bool) -> [UInt8] {
        let (value, isClean) = readQuoted()
        // Readers that mind no quotes end at the semicolon.
        if !isClean || value.contains(0x3B) { isItemOdd = true }
        isItemOdd = skipComments() || isItemOdd
        if let byte, byte != 0x3B {
            isItemOdd = true
            // A missing semicolon, or something stuck to the closing quote.
            if !beginsItem { at = text[at...].firstIndex(of: 0x3B) ?? text.count }
        }
        return value
    }

    /// A quoted string; at its end, behind the quote. Not clean: escapes, or no end.
    private mutating func readQuoted() -> ([UInt8], isClean: Bool) {
        at += 1
        var value = Array(plain { $0 == 0x22 || $0 == 0x5C })
        var isClean = true
        while let byte {
            at += 1
            if byte == 0x22 { return (value, isClean) }
            if byte == 0x5C, let next = self.byte {
                isClean = false
                value.append(next)
                at += 1
            } else {
                value.append(byte)
            }
        }
        return (value, false)
    }

    private mutating func tokenValue(_ isItemOdd: inout Bool) -> [UInt8] {
        var value = Array(plain { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 || $0 == 0x28 || $0 == 0x3B || $0 == 0x5C })
        while let byte, byte != 0x3B {
            switch byte {
            case 0x28:
                isItemOdd = true
                skipComment()
            case 0x5C:
                isItemOdd = true
                at += 1
                if let next = self.byte {
                    value.append(next)
                    at += 1
                }
            case 0...0x20:
                let start = at
                skipBlanks()
                guard let next = self.byte, next != 0x3B else { break }
                isItemOdd = true
                if next == 0x28 { continue }
                if beginsItem { return value }
                value += text[start..<at]
            default:
                if byte == 0x22 || byte == 0x27 { isItemOdd = true }
                value.append(byte)
                at += 1
            }
        }
        return value
    }

    /// Whether `name=` stands here.
    private var beginsItem: Bool {
        var look = at
        while look < text.count, look < at + 64, MediaType.isTokenByte(text[look]) { look += 1 }
        return look > at && look < text.count && text[look] == 0x3D
    }
}
