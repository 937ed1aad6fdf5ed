/// What an element's text looks like, as far as it can be seen or not.
struct HTMLStyle: Sendable {
    var fontSize = 16.0
    var color = CSSColor.black
    /// nil: an image, or nobody knows.
    var ground: CSSColor? = .white
    var opacity = 1.0
    /// Not shown, whatever is declared further in.
    var isGone = false
    var isInvisible = false
    var isOut = false
    /// The colour is that of the ground.
    var isLost = false
    var keepsSpace = false
    var isHidden = false

    /// Pixels up to which nobody reads a letter.
    private static let smallest = 1.5
    /// Pixels beyond which a window's edge is for certain.
    private static let farOut = -400.0
    private static let farOutRight = 4000.0

    /// The style of an element within one of `self`.
    func inner(_ declared: CSSDeclarations) -> HTMLStyle {
        if declared.isEmpty { return self }
        var style = self
        if let size = declared.fontSize { style.fontSize = size.pixels(around: fontSize) }
        if let color = declared.color { style.color = color }
        switch declared.ground {
        case .color(let color): if color.alpha >= 128 { style.ground = color }
        case .image: style.ground = nil
        case nil: break
        }
        if declared.color != nil || declared.ground != nil {
            style.isLost = style.color.alpha < 16 || style.ground.map { style.color.isLost(on: $0) } ?? false
        }
        if let opacity = declared.opacity { style.opacity *= max(0, min(1, opacity)) }
        let clips = declared.clipsOverflow == true && (declared.hasNoHeight == true || declared.hasNoWidth == true)
        let isAway = declared.isPositioned == true && declared.offset.map(Self.isFar) == true
        if declared.isNone == true || clips || isAway || declared.isClipped == true { style.isGone = true }
        if let indent = declared.indent { style.isOut = Self.isFar(indent) }
        if let isInvisible = declared.isInvisible { style.isInvisible = isInvisible }
        if let keepsSpace = declared.keepsSpace { style.keepsSpace = keepsSpace }
        style.isHidden =
            style.isGone || style.isInvisible || style.isOut || style.isLost || style.fontSize <= Self.smallest || style.opacity < 0.06
        return style
    }

    private static func isFar(_ pixels: Double) -> Bool { pixels <= farOut || pixels >= farOutRight }
}
