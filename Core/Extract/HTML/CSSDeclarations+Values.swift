/// From declarations as they are written.
extension CSSDeclarations {
    /// Sets what one declaration says. `name` and `value` are lower case and without spaces around them; others than these are passed over.
    mutating func set(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        guard let property = CSSProperty(name) else { return }
        if value.contains("var("), !value.contains("url(") { return unset(property) }
        switch property {
        case .display: display(value)
        case .visibility:
            // Browsers pass over what is no value of the property.
            guard ["hidden", "collapse", "visible", "initial", "unset"].contains(where: { value.isWord($0) }) else { return }
            set(.invisible, value.isWord("hidden") || value.isWord("collapse"))
        case .contentVisibility: if value.isWord("hidden") { set(.none, true) }
        case .fontSize: if let size = Self.fontSize(value) { set(fontSize: size) }
        case .font: font(value)
        case .color:
            if let color = CSSColor(css: value) {
                set(color: color)
            } else if value.isWord("inherit") || value.isWord("currentcolor") || value.isWord("unset") {
                set(.inheritsColor, true)
            }
        case .background, .backgroundColor, .backgroundImage: if let ground = Self.ground(value) { set(ground: ground) }
        case .opacity: if let number = Self.number(value) { set(opacity: number) }
        case .height: set(.noHeight, Self.isNothing(value))
        case .maxHeight: set(.noMostHeight, Self.isNothing(value))
        case .width: set(.noWidth, Self.isNothing(value))
        case .maxWidth: set(.noMostWidth, Self.isNothing(value))
        case .overflow: set(.clips, ["hidden", "clip", "auto", "scroll"].contains { value.starts($0) })
        case .position:
            let isLifted = value.isWord("absolute") || value.isWord("fixed")
            set(.lifted, isLifted)
            set(.positioned, isLifted || value.isWord("relative") || value.isWord("sticky") || value.isWord("-webkit-sticky"))
        case .offset: if let offset = Self.farthest(value, offset) { set(offset: offset) }
        case .margin: if let margin = Self.farthest(value, margin) { set(margin: margin) }
        case .indent: if let length = CSSLength(value) { set(indent: length.pixels(around: 16)) }
        case .letterSpacing: set(letterSpacing: CSSLength(value) ?? .nothing)
        case .lineHeight: set(.noLine, CSSLength(value).map { $0.pixels(around: 16) * ($0.isNumber ? 16 : 1) < 1.5 } ?? false)
        case .clip: set(.clipped, CSSShape.isEmpty(clip: value))
        case .clipPath: set(.cut, CSSShape.isEmpty(path: value))
        case .transform: set(.shrunk, CSSShape.vanishes(transform: value))
        case .scale: set(.scaled, CSSShape.vanishes(scale: value))
        case .translate: set(.moved, Self.farthest(value, nil).map(HTMLStyle.isFar) ?? false)
        case .zoom: if let zoom = Self.number(value), zoom > 0 { set(.zoomed, zoom < 0.1) }
        case .filter: set(.filtered, CSSShape.vanishes(filter: value))
        case .whiteSpace: set(.keepsSpace, value.starts("pre") || value.isWord("break-spaces"))
        case .direction: if value.isWord("rtl") || value.isWord("ltr") { set(.rightToLeft, value.isWord("rtl")) }
        case .unicodeBidi: set(.overridesBidi, value.isWord("bidi-override") || value.isWord("isolate-override"))
        case .outlookHide: set(.hiddenInOutlook, value.isWord("all"))
        }
    }

    /// A value that is not known before the element is (CSS Variables, section 3): what was said before does not come back, whatever it is.
    private mutating func unset(_ property: CSSProperty) {
        switch property {
        case .display:
            set(.none, false)
            set(.block, false)
        case .visibility: set(.invisible, false)
        case .fontSize, .font: set(fontSize: CSSLength(times: 1))
        case .color: set(.inheritsColor, true)
        case .background, .backgroundColor, .backgroundImage: set(ground: .color(.transparent))
        case .opacity: set(opacity: 1)
        case .height: set(.noHeight, false)
        case .maxHeight: set(.noMostHeight, false)
        case .width: set(.noWidth, false)
        case .maxWidth: set(.noMostWidth, false)
        case .overflow: set(.clips, false)
        case .position:
            set(.lifted, false)
            set(.positioned, false)
        case .offset: set(offset: 0)
        case .margin: set(margin: 0)
        case .indent: set(indent: 0)
        case .letterSpacing: set(letterSpacing: .nothing)
        case .lineHeight: set(.noLine, false)
        case .clip: set(.clipped, false)
        case .clipPath: set(.cut, false)
        case .transform: set(.shrunk, false)
        case .scale: set(.scaled, false)
        case .translate: set(.moved, false)
        case .zoom: set(.zoomed, false)
        case .filter: set(.filtered, false)
        case .whiteSpace: set(.keepsSpace, false)
        case .direction: set(.rightToLeft, false)
        case .unicodeBidi: set(.overridesBidi, false)
        case .contentVisibility, .outlookHide: break
        }
    }

    /// How values of `display` begin, but for `none`.
    private static let displays: [StaticString] = [
        "block", "inline", "table", "flex", "grid", "list-item", "contents", "initial", "unset", "inherit", "revert", "run-in", "flow",
        "ruby", "-webkit-", "-ms-",
    ]

    private mutating func display(_ value: ArraySlice<UInt8>) {
        guard value.isWord("none") || Self.displays.contains(where: { value.starts($0) }) else { return }
        set(.none, value.isWord("none"))
        set(
            .block,
            value.starts("block") || value.starts("table") && !value.starts("table-cell") || value.starts("flex") || value.starts("grid")
                || value.starts("list-item"))
    }

    private mutating func font(_ value: ArraySlice<UInt8>) {
        for word in value.words {
            let size = word.prefix { $0 != UInt8(ascii: "/") }
            // A weight is a number too; only zero is a size without unit.
            if let first = size.first, first &- 48 < 10 || first == UInt8(ascii: ".") || first == UInt8(ascii: "c"),
                let length = CSSLength(size), !length.isNumber || length.pixels == 0
            {
                set(fontSize: length)
            }
        }
    }

    /// The farthest out of lengths apart by spaces, and of `before`, in pixels.
    private static func farthest(_ value: ArraySlice<UInt8>, _ before: Double?) -> Double? {
        var farthest = before
        for word in value.words {
            guard let length = CSSLength(word)?.pixels(around: 16) else { continue }
            if abs(length) >= abs(farthest ?? 0) { farthest = length }
        }
        return farthest
    }

    private static func number(_ value: ArraySlice<UInt8>) -> Double? {
        guard let length = CSSLength(value) else { return nil }
        return length.isNumber ? length.pixels : length.times
    }

    private static func isNothing(_ value: ArraySlice<UInt8>) -> Bool {
        guard let length = CSSLength(value) else { return false }
        return length.pixels(around: 16) < 1.5
    }

    private static let sizes: [(StaticString, CSSLength)] = [
        ("xx-small", CSSLength(pixels: 9)), ("x-small", CSSLength(pixels: 10)), ("small", CSSLength(pixels: 13)),
        ("medium", CSSLength(pixels: 16)), ("initial", CSSLength(pixels: 16)), ("large", CSSLength(pixels: 18)),
        ("x-large", CSSLength(pixels: 24)), ("xx-large", CSSLength(pixels: 32)), ("smaller", CSSLength(times: 0.83)),
        ("larger", CSSLength(times: 1.2)),
    ]

    private static func fontSize(_ value: ArraySlice<UInt8>) -> CSSLength? {
        if let length = CSSLength(value) { return length }
        return sizes.first { value.isWord($0.0) }?.1
    }

    /// nil: it says nothing of the ground.
    private static func ground(_ value: ArraySlice<UInt8>) -> Ground? {
        if let color = CSSColor(css: value) { return .color(color) }
        if value.isWord("none") { return .color(.transparent) }
        let words = value.words
        if words.contains(where: { $0.contains("url(") || $0.contains("image(") || $0.contains("image-set(") }) { return .image }
        if let gradient = words.first(where: { $0.contains("gradient(") }) { return CSSColor.plain(gradient).map { .color($0) } ?? .image }
        for word in words { if let color = CSSColor(css: word) { return .color(color) } }
        return nil
    }
}
