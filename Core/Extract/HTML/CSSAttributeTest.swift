/// An attribute selector (Selectors, section 6): `[href]`, `[style*=none]`.
struct CSSAttributeTest: Equatable, Sendable {
    enum Kind: Sendable {
        case exists, equals, includes, dashed, begins, ends, contains
    }

    var name: HTMLName
    var kind: Kind
    /// In lower case: letters of either case are taken for equal.
    var value: [UInt8]

    /// Bytes of an attribute that are looked at.
    private static let most = 512

    /// What is between the brackets: `name`, `name=value`, `name*="value" i`.
    init?(_ text: ArraySlice<UInt8>) {
        let written = text.prefix { CSSText.isNameByte($0) || $0 == UInt8(ascii: ":") || $0 == CSSText.mark }
        guard !written.isEmpty else { return nil }
        name = HTMLName(written.filter { $0 != CSSText.mark })
        (kind, value) = (.exists, [])
        let rest = text[written.endIndex...].trimmed
        guard let mark = rest.first else { return }
        switch mark {
        case UInt8(ascii: "="): kind = .equals
        case UInt8(ascii: "~"): kind = .includes
        case UInt8(ascii: "|"): kind = .dashed
        case UInt8(ascii: "^"): kind = .begins
        case UInt8(ascii: "$"): kind = .ends
        case UInt8(ascii: "*"): kind = .contains
        default: return nil
        }
        guard kind == .equals || rest.dropFirst().first == UInt8(ascii: "=") else { return nil }
        var wanted = rest.dropFirst(kind == .equals ? 1 : 2).trimmed
        if let quote = wanted.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            wanted = wanted.dropFirst().prefix { $0 != quote }
        } else {
            wanted = wanted.prefix { !HTMLTokenizer.isSpace($0) }
        }
        value = wanted.filter { $0 != CSSText.mark }
    }

    func holds(_ text: UnsafeRawBufferPointer) -> Bool {
        if kind == .exists { return true }
        let text = text.prefix(Self.most).map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }
        switch kind {
        case .exists: return true
        case .equals: return text == value
        case .includes: return !value.isEmpty && text.split(whereSeparator: HTMLTokenizer.isSpace).contains { $0.elementsEqual(value) }
        case .dashed: return text.starts(with: value) && (text.count == value.count || text[value.count] == UInt8(ascii: "-"))
        case .begins: return !value.isEmpty && text.starts(with: value)
        case .ends: return !value.isEmpty && text.count >= value.count && text.suffix(value.count).elementsEqual(value)
        case .contains:
            guard let first = value.first, text.count >= value.count else { return false }
            return (0...(text.count - value.count)).contains { text[$0] == first && text[$0...].starts(with: value) }
        }
    }
}
