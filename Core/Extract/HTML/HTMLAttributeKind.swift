/// The attributes that rendering or links depend on (HTML, section "Attributes"; the obsolete ones as clients still take them).
enum HTMLAttributeKind: UInt8, Sendable {
    case other
    /// What a program does when something happens: `onclick`.
    case handler
    // What is shown, and how
    case style, className, id, hidden, color, text, link, size, ground, direction, open, media, alt, value, type, placeholder
    /// A page in a page.
    case document
    // Addresses
    case href, xlinkHref, source, background, data, action, list, srcset, content, animated

    static let names: HTMLNames<HTMLAttributeKind> = {
        let all: [(StaticString, HTMLAttributeKind)] = [
            ("style", .style), ("class", .className), ("id", .id), ("hidden", .hidden), ("color", .color), ("text", .text), ("link", .link),
            ("size", .size), ("bgcolor", .ground), ("dir", .direction), ("open", .open), ("media", .media), ("alt", .alt),
            ("value", .value), ("type", .type), ("placeholder", .placeholder), ("srcdoc", .document), ("href", .href),
            ("xlink:href", .xlinkHref), ("src", .source), ("poster", .source), ("dynsrc", .source), ("lowsrc", .source),
            ("codebase", .source), ("manifest", .source), ("icon", .source), ("background", .background), ("data", .data),
            ("classid", .data), ("code", .data), ("action", .action), ("formaction", .action), ("cite", .action), ("longdesc", .action),
            ("usemap", .action), ("profile", .list), ("archive", .list), ("ping", .list), ("srcset", .srcset), ("imagesrcset", .srcset),
            ("content", .content), ("to", .animated), ("from", .animated), ("by", .animated), ("values", .animated),
        ]
        return HTMLNames(all.map { (HTMLName($0.0), $0.1) })
    }()

    var holdsAddress: Bool { rawValue >= HTMLAttributeKind.href.rawValue || self == .style }
}
