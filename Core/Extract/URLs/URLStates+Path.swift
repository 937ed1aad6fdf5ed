/// Path, query and fragment (URL standard, section 4.4).
extension URLStates {
    mutating func shorten() {
        if url.scheme == "file", segments.count == 1, Self.isDriveLetter(segments[0].utf8, normalized: true) { return }
        _ = segments.popLast()
    }

    mutating func pathStart(_ c: Int) -> Step {
        if isSpecial {
            state = .path
            if c != Self.slash, c != Self.backslash { at -= 1 }
            return .next
        }
        if c == Self.question { return go(.query) }
        if c == Self.hash { return go(.fragment) }
        guard c >= 0 else { return .next }
        state = .path
        if c != Self.slash { at -= 1 }
        return .next
    }

    mutating func path(_ c: Int) -> Step {
        guard c < 0 || isSlash(c) || c == Self.question || c == Self.hash else {
            let isSpecial = isSpecial
            return take(.path) { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 || isSpecial && $0 == 0x5C }
        }
        let dots = Self.dots(buffer)
        if dots == 2 {
            shorten()
            if !isSlash(c) { segments.append("") }
        } else if dots == 1 {
            if !isSlash(c) { segments.append("") }
        } else {
            if url.scheme == "file", segments.isEmpty, Self.isDriveLetter(buffer, normalized: false) { buffer[1] = UInt8(ascii: ":") }
            segments.append(text(buffer))
        }
        buffer.removeAll(keepingCapacity: true)
        if c == Self.question { return go(.query) }
        if c == Self.hash { return go(.fragment) }
        return .next
    }

    /// How many dots a segment is, `%2e` counted too; 0: it is none.
    static func dots(_ segment: [UInt8]) -> Int {
        guard (1...6).contains(segment.count) else { return 0 }
        var rest = segment[...]
        var count = 0
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.popFirst() == UInt8(ascii: "2"), rest.popFirst()! | 0x20 == UInt8(ascii: "e") else { return 0 }
            } else if byte != UInt8(ascii: ".") {
                return 0
            }
            count += 1
        }
        return count > 2 ? 0 : count
    }

    mutating func opaquePath(_ c: Int) -> Step {
        if c == 0x20 {
            // A space at the very end of the path would be lost in a second parse.
            if at + 1 < input.count, input[at + 1] == UInt8(ascii: "?") || input[at + 1] == UInt8(ascii: "#") {
                buffer += "%20".utf8
            } else {
                buffer.append(0x20)
            }
            return .next
        }
        if c >= 0, c != Self.question, c != Self.hash {
            PercentEncodeSet.control.append(UInt8(c), to: &buffer)
            return .next
        }
        url.path = .opaque(text(buffer))
        buffer.removeAll(keepingCapacity: true)
        if c == Self.question { return go(.query) }
        return c == Self.hash ? go(.fragment) : .next
    }

    mutating func query(_ c: Int) -> Step {
        guard c < 0 || c == Self.hash else {
            return take(isSpecial ? .specialQuery : .query) { $0 == 0x23 }
        }
        url.query = text(buffer)
        buffer.removeAll(keepingCapacity: true)
        return c == Self.hash ? go(.fragment) : .next
    }

    mutating func fragment(_ c: Int) -> Step {
        guard c < 0 else {
            return take(.fragment) { _ in false }
        }
        url.fragment = text(buffer)
        return .next
    }
}
