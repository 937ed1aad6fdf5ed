/// The elements that rendering or links depend on.
enum HTMLElement: UInt8, CaseIterable, Sendable {
    case unknown
    // Formatting, which is opened again where a block closed it (HTML, section 13.2.4.3).
    case a, b, big, code, em, font, i, nobr, s, small, strike, strong, tt, u
    // Blocks
    case address, article, aside, blockquote, center, dd, details, dialog, dir, div, dl, dt, fieldset, figcaption, figure, footer, form
    case h1, h2, h3, h4, h5, h6, header, hgroup, hr, legend, li, listing, main, menu, nav, ol, optgroup, option, p, plaintext, pre, search
    case section, summary, ul, xmp
    // Tables
    case caption, col, colgroup, table, tbody, td, tfoot, th, thead, tr
    // In lines
    case abbr, area, audio, bdo, br, button, canvas, del, embed, img, image, input, ins, label, map, marquee, object, q, rp, rt, ruby,
        select
    case source, span, sub, sup, track, video, wbr
    // Not rendered
    case base, bgsound, body, datalist, frame, frameset, head, html, iframe, link, meta, noembed, noframes, noscript, param, script, style
    case template, textarea, title, applet
    // Foreign
    case svg, math, foreignObject, desc, mi, mo, mn, ms, mtext, annotationXML, vImageData, vFill
    // SVG, what moves
    case animate, set

    static let names: HTMLNames<HTMLElement> = {
        var rows: [(HTMLName, HTMLElement)] = []
        for element in allCases where element != .unknown { rows.append((HTMLName("\(element)".utf8), element)) }
        rows += [(HTMLName("annotation-xml"), .annotationXML), (HTMLName("v:imagedata"), .vImageData), (HTMLName("v:fill"), .vFill)]
        return HTMLNames(rows)
    }()

    var isFormatting: Bool { rawValue >= HTMLElement.a.rawValue && rawValue <= HTMLElement.u.rawValue }

    /// It begins and ends on a line of its own.
    var isBlock: Bool {
        rawValue >= HTMLElement.address.rawValue && rawValue <= HTMLElement.xmp.rawValue || self == .table || self == .caption
            || self == .tr || self == .title
            || self == .body || self == .frameset
    }

    /// Its start tag ends an open paragraph (HTML, section 13.2.6.4.7).
    var closesParagraph: Bool {
        switch self {
        case .option, .optgroup, .legend, .details: self == .details
        case .table: true
        default: rawValue >= HTMLElement.address.rawValue && rawValue <= HTMLElement.xmp.rawValue
        }
    }

    /// Empty lines around it, as style sheets of clients have it.
    var hasMargin: Bool {
        switch self {
        case .p, .blockquote, .dl, .h1, .h2, .h3, .h4, .h5, .h6, .ol, .pre, .ul, .listing, .xmp, .menu, .dir, .figure: true
        default: false
        }
    }

    var isVoid: Bool {
        switch self {
        case .area, .base, .bgsound, .br, .col, .embed, .frame, .hr, .image, .img, .input, .link, .meta, .param, .source, .track, .wbr: true
        default: false
        }
    }

    /// An end tag does not reach beyond it (HTML, section 13.2.4.2: "scope").
    var isBarrier: Bool {
        switch self {
        case .applet, .caption, .marquee, .object, .table, .td, .template, .th, .foreignObject: true
        default: false
        }
    }

    /// Its start tag stands for nothing where no table is open.
    var isTablePart: Bool {
        switch self {
        case .caption, .col, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr: true
        default: false
        }
    }

    /// What is in it is for no reader: a style sheet's or a program's, or for clients that lack something that all have. (`noscript` is shown: mail
    /// clients run no scripts.)
    var isNotRendered: Bool {
        switch self {
        case .datalist, .iframe, .noembed, .noframes, .rp, .script, .style, .template: true
        default: false
        }
    }

    /// It stands in the head, and does not end it.
    var isMetadata: Bool {
        switch self {
        case .base, .bgsound, .head, .link, .meta, .noframes, .script, .style, .template, .title: true
        default: false
        }
    }

    /// An HTML start tag that ends foreign content (HTML, section 13.2.6.5).
    var leavesForeignContent: Bool {
        switch self {
        case .b, .big, .blockquote, .body, .br, .center, .code, .dd, .div, .dl, .dt, .em, .embed, .h1, .h2, .h3, .h4, .h5, .h6, .head, .hr,
            .i,
            .img, .li, .listing, .menu, .meta, .nobr, .ol, .p, .pre, .ruby, .s, .small, .span, .strong, .strike, .sub, .sup, .table, .tt,
            .u, .ul:
            true
        default: false
        }
    }
}
