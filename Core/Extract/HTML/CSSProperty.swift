/// The properties that can hide text or turn it.
enum CSSProperty: Sendable {
    case display, visibility, contentVisibility, fontSize, font, color, background, backgroundColor, backgroundImage, opacity
    case height, maxHeight, width, maxWidth, overflow, position, offset, margin, indent, letterSpacing, lineHeight, clip, clipPath
    case transform, scale, translate, zoom, filter, whiteSpace, direction, unicodeBidi, outlookHide

    private static let names: HTMLNames<CSSProperty> = {
        let all: [(StaticString, CSSProperty)] = [
            ("display", .display), ("visibility", .visibility), ("content-visibility", .contentVisibility), ("font-size", .fontSize),
            ("font", .font), ("color", .color), ("-webkit-text-fill-color", .color), ("background", .background),
            ("background-color", .backgroundColor), ("background-image", .backgroundImage), ("opacity", .opacity), ("height", .height),
            ("max-height", .maxHeight), ("width", .width), ("max-width", .maxWidth), ("block-size", .height), ("inline-size", .width),
            ("max-block-size", .maxHeight), ("max-inline-size", .maxWidth), ("overflow", .overflow), ("overflow-x", .overflow),
            ("overflow-y", .overflow), ("position", .position), ("left", .offset), ("top", .offset), ("right", .offset),
            ("bottom", .offset),
            ("inset", .offset), ("margin", .margin), ("margin-left", .margin), ("margin-top", .margin), ("margin-right", .margin),
            ("margin-bottom", .margin), ("text-indent", .indent), ("letter-spacing", .letterSpacing), ("line-height", .lineHeight),
            ("clip", .clip),
            ("clip-path", .clipPath), ("-webkit-clip-path", .clipPath), ("transform", .transform), ("-webkit-transform", .transform),
            ("-ms-transform", .transform), ("-moz-transform", .transform), ("scale", .scale), ("translate", .translate), ("zoom", .zoom),
            ("filter", .filter), ("-webkit-filter", .filter), ("-webkit-opacity", .opacity), ("white-space", .whiteSpace),
            ("direction", .direction), ("unicode-bidi", .unicodeBidi), ("mso-hide", .outlookHide),
        ]
        return HTMLNames(all.map { (HTMLName($0.0), $0.1) })
    }()

    init?(_ name: ArraySlice<UInt8>) {
        guard name.count <= 24, let property = Self.names[HTMLName(name)] else { return nil }
        self = property
    }
}
