/// Reads CSS declarations and simple rules (CSS Syntax, as far as text can be hidden by it). One pass.
enum CSSParser {
    /// The declarations of a `style` attribute or of a rule's block: what is said and what is said with `!important`.
    static func declarations(_ text: ArraySlice<UInt8>) -> (plain: CSSDeclarations, important: CSSDeclarations) {
        var plain = CSSDeclarations()
        var important = CSSDeclarations()
        for (name, value) in Declarations(rest: text) {
            if let mark = value.lastIndex(of: UInt8(ascii: "!")), value[(mark + 1)...].trimmed.elementsEqual("important".utf8) {
                important.set(name, value[..<mark].trimmed)
            } else {
                plain.set(name, value)
            }
        }
        return (plain, important)
    }

    /// Lower case, comments and escapes taken away: what the others are given. At most `most` bytes.
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
            case UInt8(ascii: "\\"): at = appendEscape(text, at, to: &out)
            case 65...90: out.append(byte | 0x20)
            case 9, 10, 12, 13: out.append(32)
            default: out.append(byte)
            }
        }
        return out
    }

    /// What is behind a backslash, in lower case (CSS Syntax section 4.3.7); returns where to go on.
    private static func appendEscape(_ text: UnsafeRawBufferPointer, _ start: Int, to out: inout [UInt8]) -> Int {
        var at = start
        var value: UInt32 = 0
        while at < text.count, at - start < 6, let digit = Hexadecimal.value(text[at]) {
            value = value << 4 | UInt32(digit)
            at += 1
        }
        if at > start {
            if at < text.count, HTMLTokenizer.isSpace(text[at]) { at += 1 }
            let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
            out.append(contentsOf: UTF8.encode((65...90).contains(value) ? Unicode.Scalar(value | 0x20)! : scalar)!)
        } else if at < text.count {
            out.append(text[at] &- 65 < 26 ? text[at] | 0x20 : text[at])
            at += 1
        }
        return at
    }

    /// `name: value;`, one after the other; brackets and quotes hide a semicolon.
    struct Declarations: Sequence, IteratorProtocol {
        var rest: ArraySlice<UInt8>

        mutating func next() -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
            while !rest.isEmpty {
                let declaration = take()
                guard let colon = declaration.firstIndex(of: UInt8(ascii: ":")) else { continue }
                return (declaration[..<colon].trimmed, declaration[(colon + 1)...].trimmed)
            }
            return nil
        }

        private mutating func take() -> ArraySlice<UInt8> {
            var quote: UInt8 = 0
            var depth = 0
            var at = rest.startIndex
            while at < rest.endIndex {
                let byte = rest[at]
                if quote != 0 {
                    if byte == quote { quote = 0 }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                } else if byte == UInt8(ascii: "(") {
                    depth += 1
                } else if byte == UInt8(ascii: ")") {
                    depth = Swift.max(depth - 1, 0)
                } else if byte == UInt8(ascii: ";"), depth == 0 {
                    break
                }
                at += 1
            }
            defer { rest = rest[Swift.min(at + 1, rest.endIndex)...] }
            return rest[..<at]
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without white space at both ends.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while let byte = slice.first, HTMLTokenizer.isSpace(byte) { slice.removeFirst() }
        while let byte = slice.last, HTMLTokenizer.isSpace(byte) { slice.removeLast() }
        return slice
    }
}
