/// What an element's text looks like, as far as it can be seen or not.
struct HTMLStyle: Equatable, Sendable {
    var fontSize: Float = 16
    var color = CSSColor.black
    /// nil: an image, or nobody knows.
    var ground: CSSColor? = .white
    var opacity: Float = 1
    /// Not shown, whatever is declared further in.
    var isGone = false
    var isInvisible = false
    var isOut = false
    /// The colour is that of the ground.
    var isLost = false
    /// Letters stand upon each other.
    var isSqueezed = false
    /// Lines stand upon each other, and what is beyond them is cut.
    var isFlat = false
    var keepsSpace = false
    /// Neither text nor pictures are seen.
    var isOutOfSight = false
    /// Text is not seen.
    var isHidden = false
    var isRightToLeft = false
    /// Characters of scripts that run from left to right are shown from right to left.
    var isTurned = false

    /// Pixels up to which nobody reads a letter.
    private static let smallest: Float = 1.5
    /// Pixels beyond which a window's edge is for certain.
    private static let farOut = -400.0
    private static let farOutRight = 4000.0

    /// The style of an element within one of `self`.
    func inner(_ declared: CSSDeclarations, isBlock: Bool) -> HTMLStyle {
        if declared.isEmpty, !isTurned { return self }
        var style = self
        if declared.hasValues { style.take(values: declared) }
        if declared[.inheritsColor] == true { style.color = color }
        if declared.color != nil || declared.ground != nil {
            style.isLost = style.color.alpha < 16 || style.ground.map { style.color.isLost(on: $0) } ?? false
        }
        let on = declared.marks
        if !on.isEmpty {
            let clips =
                on.contains(.clips) && !on.isDisjoint(with: [.noHeight, .noWidth, .noMostHeight, .noMostWidth])
                || on.isSuperset(of: [.clipped, .lifted])
            if clips || !on.isDisjoint(with: [.none, .cut, .shrunk, .scaled, .moved, .zoomed, .filtered]) { style.isGone = true }
        }
        if on.contains(.positioned), let offset = declared.offset, Self.isFar(offset) { style.isGone = true }
        // A block of lines of no height is of none itself.
        if let isFlat = declared[.noLine] { style.isFlat = isFlat && on.contains(.clips) && declared[.noHeight] != false }
        if let isInvisible = declared[.invisible] { style.isInvisible = isInvisible }
        if let keepsSpace = declared[.keepsSpace] { style.keepsSpace = keepsSpace }
        if let isRightToLeft = declared[.rightToLeft] { style.isRightToLeft = isRightToLeft }
        if on.contains(.overridesBidi) {
            style.isTurned = style.isRightToLeft
        } else if isBlock {
            // An override reaches no block within.
            style.isTurned = false
        }
        style.isOutOfSight = style.isGone || style.isInvisible || style.isOut || style.opacity < 0.06
        style.isHidden = style.isOutOfSight || style.isLost || style.isSqueezed || style.isFlat || style.fontSize <= Self.smallest
        return style
    }

    private mutating func take(values declared: CSSDeclarations) {
        if let size = declared.fontSize { fontSize = Float(size.pixels(around: Double(fontSize))) }
        if let color = declared.color { self.color = color }
        switch declared.ground {
        case .color(let color): if color.alpha >= 128 { ground = color }
        case .image: ground = nil
        case nil: break
        }
        if let opacity = declared.opacity { self.opacity *= Float(max(0, min(1, opacity))) }
        if let margin = declared.margin, Self.isFar(margin) { isGone = true }
        if let indent = declared.indent { isOut = Self.isFar(indent) }
        if let spacing = declared.letterSpacing { isSqueezed = Float(spacing.pixels(around: Double(fontSize))) < -0.45 * fontSize }
    }

    static func isFar(_ pixels: Double) -> Bool { pixels <= farOut || pixels >= farOutRight }
}
