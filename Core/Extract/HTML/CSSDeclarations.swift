/// What of CSS declarations decides whether, and in which order, text can be seen.
struct CSSDeclarations: Sendable {
    /// What is so or not so; and whether that was said.
    struct Marks: OptionSet, Sendable {
        let rawValue: UInt32

        /// display: none.
        static let none = Marks(rawValue: 1)
        /// visibility.
        static let invisible = Marks(rawValue: 2)
        static let noHeight = Marks(rawValue: 4)
        static let noWidth = Marks(rawValue: 8)
        /// overflow.
        static let clips = Marks(rawValue: 16)
        /// position: left and top count.
        static let positioned = Marks(rawValue: 32)
        /// position: absolute or fixed, where `clip` counts.
        static let lifted = Marks(rawValue: 64)
        /// clip: nothing of it.
        static let clipped = Marks(rawValue: 128)
        /// clip-path.
        static let cut = Marks(rawValue: 256)
        /// transform: to a point, a line or far away.
        static let shrunk = Marks(rawValue: 512)
        /// filter: opacity(0).
        static let filtered = Marks(rawValue: 1024)
        /// white-space.
        static let keepsSpace = Marks(rawValue: 2048)
        /// Block or line: a `span` can be a block.
        static let block = Marks(rawValue: 4096)
        /// direction.
        static let rightToLeft = Marks(rawValue: 8192)
        /// unicode-bidi: characters go where `direction` says, whatever they are.
        static let overridesBidi = Marks(rawValue: 1 << 14)
        /// mso-hide: Outlook alone does not show it.
        static let hiddenInOutlook = Marks(rawValue: 1 << 15)
        /// color: inherit.
        static let inheritsColor = Marks(rawValue: 1 << 16)
        static let noMostHeight = Marks(rawValue: 1 << 17)
        static let noMostWidth = Marks(rawValue: 1 << 18)
        static let scaled = Marks(rawValue: 1 << 19)
        static let moved = Marks(rawValue: 1 << 20)
        static let zoomed = Marks(rawValue: 1 << 21)
        /// line-height.
        static let noLine = Marks(rawValue: 1 << 22)
    }

    enum Ground: Equatable, Sendable {
        case color(CSSColor)
        /// An image or gradient: what is on it, nobody knows.
        case image
    }

    /// Numbers that may be said, and where they are kept.
    private struct Values: OptionSet {
        let rawValue: UInt8
        static let fontSize = Values(rawValue: 1)
        static let color = Values(rawValue: 2)
        static let ground = Values(rawValue: 4)
        static let opacity = Values(rawValue: 8)
        static let offset = Values(rawValue: 16)
        static let margin = Values(rawValue: 32)
        static let indent = Values(rawValue: 64)
        static let letterSpacing = Values(rawValue: 128)
    }

    /// What was said, and what of it is so.
    private(set) var said: Marks = []
    private(set) var marks: Marks = []
    // Kept close: there is one of these for each open element and rule.
    private var values: Values = []
    private var isImage = false
    private var (sizePixels, sizeTimes): (Float, Float) = (0, 0)
    private var (spacePixels, spaceTimes): (Float, Float) = (0, 0)
    private var (colorValue, groundValue) = (CSSColor.black, CSSColor.black)
    private var (opacityValue, offsetValue, marginValue, indentValue): (Float, Float, Float, Float) = (0, 0, 0, 0)

    var isEmpty: Bool { said.isEmpty && values.isEmpty }
    var hasValues: Bool { !values.isEmpty }

    /// All below: nil, not said.
    var fontSize: CSSLength? { values.contains(.fontSize) ? CSSLength(pixels: Double(sizePixels), times: Double(sizeTimes)) : nil }
    var letterSpacing: CSSLength? {
        values.contains(.letterSpacing) ? CSSLength(pixels: Double(spacePixels), times: Double(spaceTimes)) : nil
    }
    var color: CSSColor? { values.contains(.color) ? colorValue : nil }
    var ground: Ground? { values.contains(.ground) ? isImage ? .image : .color(groundValue) : nil }
    var opacity: Double? { values.contains(.opacity) ? Double(opacityValue) : nil }
    /// left, top, right, bottom: the farthest out, in pixels.
    var offset: Double? { values.contains(.offset) ? Double(offsetValue) : nil }
    /// margin: the farthest out, in pixels.
    var margin: Double? { values.contains(.margin) ? Double(marginValue) : nil }
    /// text-indent, in pixels.
    var indent: Double? { values.contains(.indent) ? Double(indentValue) : nil }

    mutating func set(fontSize size: CSSLength) {
        values.insert(.fontSize)
        (sizePixels, sizeTimes) = (Float(size.pixels), Float(size.times))
    }

    mutating func set(letterSpacing space: CSSLength) {
        values.insert(.letterSpacing)
        (spacePixels, spaceTimes) = (Float(space.pixels), Float(space.times))
    }

    mutating func set(color: CSSColor) {
        values.insert(.color)
        colorValue = color
        set(.inheritsColor, false)
    }

    mutating func set(ground: Ground) {
        values.insert(.ground)
        switch ground {
        case .image: isImage = true
        case .color(let color): (isImage, groundValue) = (false, color)
        }
    }

    mutating func set(opacity: Double) {
        values.insert(.opacity)
        opacityValue = Float(opacity)
    }

    mutating func set(offset: Double) {
        values.insert(.offset)
        offsetValue = Float(offset)
    }

    mutating func set(margin: Double) {
        values.insert(.margin)
        marginValue = Float(margin)
    }

    mutating func set(indent: Double) {
        values.insert(.indent)
        indentValue = Float(indent)
    }

    /// nil: not said.
    subscript(mark: Marks) -> Bool? { said.contains(mark) ? marks.contains(mark) : nil }

    mutating func set(_ mark: Marks, _ isOn: Bool) {
        said.insert(mark)
        if isOn { marks.insert(mark) } else { marks.remove(mark) }
    }

    /// What `over` declares wins.
    mutating func merge(_ over: CSSDeclarations) {
        marks = marks.subtracting(over.said).union(over.marks)
        said.formUnion(over.said)
        guard over.hasValues else { return }
        values.formUnion(over.values)
        if over.values.contains(.fontSize) { (sizePixels, sizeTimes) = (over.sizePixels, over.sizeTimes) }
        if over.values.contains(.letterSpacing) { (spacePixels, spaceTimes) = (over.spacePixels, over.spaceTimes) }
        if over.values.contains(.color) { colorValue = over.colorValue }
        if over.values.contains(.ground) { (isImage, groundValue) = (over.isImage, over.groundValue) }
        if over.values.contains(.opacity) { opacityValue = over.opacityValue }
        if over.values.contains(.offset) { offsetValue = over.offsetValue }
        if over.values.contains(.margin) { marginValue = over.marginValue }
        if over.values.contains(.indent) { indentValue = over.indentValue }
    }
}
