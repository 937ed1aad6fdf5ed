/// What of CSS declarations decides whether text can be seen. Fields are nil where nothing was declared.
struct CSSDeclarations: Equatable, Sendable {
    enum Ground: Equatable, Sendable {
        case color(CSSColor)
        /// An image or gradient: what is on it, nobody knows.
        case image
    }

    var isNone: Bool?
    /// visibility.
    var isInvisible: Bool?
    var fontSize: CSSLength?
    var color: CSSColor?
    var ground: Ground?
    var opacity: Double?
    var hasNoHeight: Bool?
    var hasNoWidth: Bool?
    var clipsOverflow: Bool?
    var isPositioned: Bool?
    /// left, top, right, bottom: the farthest out, in pixels.
    var offset: Double?
    /// text-indent and margins, in pixels.
    var indent: Double?
    /// clip, clip-path, transform: scale(0).
    var isClipped: Bool?
    var keepsSpace: Bool?
    /// Block or line: a `span` can be a block.
    var isBlock: Bool?

    static let none = CSSDeclarations()

    var isEmpty: Bool { self == .none }

    /// What `over` declares wins.
    mutating func merge(_ over: CSSDeclarations) {
        isNone = over.isNone ?? isNone
        isInvisible = over.isInvisible ?? isInvisible
        fontSize = over.fontSize ?? fontSize
        color = over.color ?? color
        ground = over.ground ?? ground
        opacity = over.opacity ?? opacity
        hasNoHeight = over.hasNoHeight ?? hasNoHeight
        hasNoWidth = over.hasNoWidth ?? hasNoWidth
        clipsOverflow = over.clipsOverflow ?? clipsOverflow
        isPositioned = over.isPositioned ?? isPositioned
        offset = over.offset ?? offset
        indent = over.indent ?? indent
        isClipped = over.isClipped ?? isClipped
        keepsSpace = over.keepsSpace ?? keepsSpace
        isBlock = over.isBlock ?? isBlock
    }

    /// How values of `display` begin, but for `none`.
    private static let displays: [StaticString] = [
        "block", "inline", "table", "flex", "grid", "list-item", "contents", "initial", "unset", "inherit", "revert", "run-in", "flow",
        "ruby",
    ]

    /// Sets what one declaration says. `name` and `value` are lower case and without spaces around them; others than these are passed over.
    mutating func set(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        guard let property = CSSProperty(name) else { return }
        func isWord(_ word: StaticString) -> Bool { word.withUTF8Buffer { value.elementsEqual($0) } }
        func starts(_ word: StaticString) -> Bool { word.withUTF8Buffer { value.starts(with: $0) } }
        switch property {
        case .display:
            // Browsers pass over what is no value of the property.
            guard isWord("none") || Self.displays.contains(where: { starts($0) }) else { return }
            isNone = isWord("none")
            isBlock = starts("block") || starts("table") && !starts("table-cell") || starts("flex") || starts("grid") || starts("list-item")
        case .visibility: isInvisible = isWord("hidden") || isWord("collapse")
        case .contentVisibility: if isWord("hidden") { isNone = true }
        case .fontSize: if let size = Self.fontSize(value) { fontSize = size }
        case .font:
            for word in value.prefix(200).split(separator: 32) {
                let size = word.prefix { $0 != UInt8(ascii: "/") }
                // A weight is a number too; only zero is a size without unit.
                if let first = size.first, first &- 48 < 10 || first == UInt8(ascii: "."), let length = CSSLength(size),
                    size.last.map({ $0 &- 48 >= 10 }) == true || length == .pixels(0)
                {
                    fontSize = length
                }
            }
        case .color: if let color = CSSColor(css: value) { self.color = color }
        case .background, .backgroundColor:
            if value.containsURL || value.containsGradient {
                ground = .image
            } else if let color = Self.ground(value) {
                ground = .color(color)
            }
        case .backgroundImage: if !isWord("none") { ground = .image }
        case .opacity:
            if let (number, unit) = CSSLength.number(value) { opacity = unit == UInt8(ascii: "%") ? number / 100 : number }
        case .height, .maxHeight: hasNoHeight = Self.isNothing(value)
        case .width, .maxWidth: hasNoWidth = Self.isNothing(value)
        case .overflow: clipsOverflow = starts("hidden") || starts("clip")
        case .position: isPositioned = isWord("absolute") || isWord("fixed") || isWord("relative")
        case .offset: offset = Self.farther(offset, value)
        case .indent: indent = Self.farther(indent, value)
        case .clip:
            isClipped =
                starts("rect(0") || starts("rect(1px,1px,1px,1px") || starts("rect(1px 1px 1px 1px") || starts("inset(50%")
                || starts("inset(100%")
                || starts("circle(0")
        case .transform: isClipped = starts("scale(0)") || starts("scale(0,") || starts("scalex(0)") || starts("scaley(0)")
        case .whiteSpace: keepsSpace = starts("pre") || isWord("break-spaces")
        }
    }

    private static func farther(_ before: Double?, _ value: ArraySlice<UInt8>) -> Double? {
        guard let length = CSSLength(value)?.pixels(around: 16) else { return before }
        return abs(length) >= abs(before ?? 0) ? length : before
    }

    private static func isNothing(_ value: ArraySlice<UInt8>) -> Bool {
        guard case .pixels(let size) = CSSLength(value) else { return CSSLength(value) == .times(0) }
        return size < 1.5
    }

    private static func fontSize(_ value: ArraySlice<UInt8>) -> CSSLength? {
        if let length = CSSLength(value) { return length }
        switch String(decoding: value.prefix(16), as: UTF8.self) {
        case "xx-small": return .pixels(9)
        case "x-small": return .pixels(10)
        case "small": return .pixels(13)
        case "medium", "initial": return .pixels(16)
        case "large": return .pixels(18)
        case "x-large": return .pixels(24)
        case "xx-large": return .pixels(32)
        case "smaller": return .times(0.83)
        case "larger": return .times(1.2)
        default: return nil
        }
    }

    /// The colour among the words of `background`.
    private static func ground(_ value: ArraySlice<UInt8>) -> CSSColor? {
        if let color = CSSColor(css: value) { return color }
        for word in value.prefix(200).split(separator: 32) {
            if let color = CSSColor(css: word) { return color }
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    fileprivate var containsURL: Bool { contains("url(") }
    fileprivate var containsGradient: Bool { contains("gradient(") }

    private func contains(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            var rest = self
            while let at = rest.firstIndex(of: word[0]) {
                if rest[at...].starts(with: word) { return true }
                rest = rest[(at + 1)...]
            }
            return false
        }
    }
}
