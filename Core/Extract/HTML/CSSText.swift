/// CSS on its way to be read: lower case, comments and escapes undone (CSS Syntax sections 3.3 and 4.3).
enum CSSText {
    /// Stands in front of a character that was escaped and means nothing but itself: `.a\:b`, `\{`.
    static let mark: UInt8 = 0x1A

    /// At most some bytes more than `most`.
    static func normalized(_ text: UnsafeRawBufferPointer, most: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(min(text.count, most))
        var at = 0
        while at < text.count, out.count < most {
            let byte = text[at]
            at += 1
            switch byte {
            case UInt8(ascii: "/") where at < text.count && text[at] == UInt8(ascii: "*"):
                at += 2
                while at < text.count, text[at] != UInt8(ascii: "/") || text[at - 1] != UInt8(ascii: "*") { at += 1 }
                at += 1
            case UInt8(ascii: "\\"):
                var isFirst = true
                at = escape(text, at) { byte in
                    if isFirst, !isNameByte(byte) { out.append(mark) }
                    isFirst = false
                    out.append(byte &- 65 < 26 ? byte | 0x20 : byte)
                }
            case 65...90: out.append(byte | 0x20)
            case 9: out.append(32)
            case 12, 13: out.append(10)
            case mark: out.append(0x7F)
            default: out.append(byte)
            }
        }
        return out
    }

    /// Gives the bytes that an escape stands for, whose backslash is in front of `start`; returns where to go on.
    static func escape(_ text: UnsafeRawBufferPointer, _ start: Int, _ body: (UInt8) -> Void) -> Int {
        var at = start
        var value: UInt32 = 0
        while at < text.count, at - start < 6, let digit = Hexadecimal.value(text[at]) {
            value = value << 4 | UInt32(digit)
            at += 1
        }
        if at > start {
            if at < text.count, HTMLTokenizer.isSpace(text[at]) { at += 1 }
            for byte in UTF8.encode(value == 0 ? "\u{FFFD}" : Unicode.Scalar(value) ?? "\u{FFFD}")! { body(byte) }
        } else if at < text.count {
            if text[at] != 10 { body(text[at]) }
            at += 1
        }
        return at
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    /// The first of `stops` from `start` on that stands in no string, no brackets and is not escaped; the end: none.
    static func find(_ text: ArraySlice<UInt8>, from start: Int, _ stops: (UInt8) -> Bool) -> Int {
        var closers: [UInt8] = []
        var at = start
        while at < text.endIndex {
            let byte = text[at]
            if closers.isEmpty, stops(byte) { return at }
            switch byte {
            case mark: at += 1
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                // A string ends with its line, too.
                at += 1
                while at < text.endIndex, text[at] != byte, text[at] != 10 { at += text[at] == mark ? 2 : 1 }
            case UInt8(ascii: "("): closers.append(UInt8(ascii: ")"))
            case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
            default: if byte == closers.last { closers.removeLast() }
            }
            at += 1
        }
        return text.endIndex
    }

    /// What `separator` divides, in no string and no brackets, trimmed.
    static func split(_ text: ArraySlice<UInt8>, at separator: UInt8, _ body: (ArraySlice<UInt8>) -> Void) {
        var start = text.startIndex
        while start <= text.endIndex {
            let end = find(text, from: start) { $0 == separator }
            body(text[start..<end].trimmed)
            start = end + 1
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without white space at both ends.
    var trimmed: ArraySlice<UInt8> {
        var (start, end) = (startIndex, endIndex)
        while start < end, HTMLTokenizer.isSpace(self[start]) { start += 1 }
        while end > start, HTMLTokenizer.isSpace(self[end - 1]) { end -= 1 }
        return self[start..<end]
    }

    func isWord(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && word.withUTF8Buffer { elementsEqual($0) }
    }

    func starts(_ word: StaticString) -> Bool { word.withUTF8Buffer { starts(with: $0) } }

    func contains(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            var at = startIndex
            while at + word.count <= endIndex {
                if self[at] == word[0], self[at...].starts(with: word) { return true }
                at += 1
            }
            return false
        }
    }

    /// Apart by white space outside of brackets; at most 16.
    var words: [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var at = startIndex
        while at < endIndex, words.count < 16 {
            if HTMLTokenizer.isSpace(self[at]) {
                at += 1
                continue
            }
            let end = CSSText.find(self, from: at, HTMLTokenizer.isSpace)
            words.append(self[at..<end])
            at = end
        }
        return words
    }
}
