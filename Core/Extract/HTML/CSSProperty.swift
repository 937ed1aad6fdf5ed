/// The properties that can hide text.
enum CSSProperty: Sendable {
    case display, visibility, contentVisibility, fontSize, font, color, background, backgroundColor, backgroundImage, opacity
    case height, maxHeight, width, maxWidth, overflow, position, offset, indent, clip, transform, whiteSpace

    private static let names: HTMLNames<CSSProperty> = {
        let all: [(StaticString, CSSProperty)] = [
            ("display", .display), ("visibility", .visibility), ("content-visibility", .contentVisibility), ("font-size", .fontSize),
            ("font", .font), ("color", .color), ("-webkit-text-fill-color", .color), ("background", .background),
            ("background-color", .backgroundColor), ("background-image", .backgroundImage), ("opacity", .opacity), ("height", .height),
            ("max-height", .maxHeight), ("width", .width), ("max-width", .maxWidth), ("overflow", .overflow), ("position", .position),
            ("left", .offset), ("top", .offset), ("right", .offset), ("bottom", .offset), ("text-indent", .indent),
            ("margin-left", .indent), ("margin-top", .indent), ("clip", .clip), ("clip-path", .clip), ("transform", .transform),
            ("white-space", .whiteSpace),
        ]
        return HTMLNames(all.map { (HTMLName($0.0), $0.1) })
    }()

    init?(_ name: some Collection<UInt8>) {
        guard name.count <= 24, let property = Self.names[HTMLName(name)] else { return nil }
        self = property
    }
}
