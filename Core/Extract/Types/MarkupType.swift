/// HTML, XML and what is written in them.
enum MarkupType {
    /// Of text that begins with `<`.
    static func type(of body: UnsafeRawBufferPointer) -> String? {
        if body.prefix(16_384).containsFolded("<hta:application") { return "application/hta" }
        if body.prefix(5).elementsEqualFolded("<?xml") { return xml(body.prefix(4096)) }
        if body.prefix(4).elementsEqualFolded("<svg") { return "image/svg+xml" }
        if body.prefix(4).elementsEqual("<!--".utf8) || body.prefix(9).elementsEqualFolded("<!doctype") {
            if body.prefix(512).containsFolded("<svg") { return "image/svg+xml" }
            if body.prefix(9).elementsEqualFolded("<!doctype") { return body.prefix(80).containsFolded("html") ? "text/html" : "text/xml" }
        }
        for name in names where isTag(name, body, 0) { return "text/html" }
        if body.prefix(4).elementsEqualFolded("<job") || body.prefix(8).elementsEqualFolded("<package"),
            body.prefix(4096).containsFolded("<script")
        {
            return "application/x-wsf"
        }
        if body.prefix(10).elementsEqualFolded("<scriptlet") { return "application/x-wsf" }
        return looseType(of: body)
    }

    /// A page that begins with something else: elements that no other text has.
    static func looseType(of body: UnsafeRawBufferPointer) -> String? {
        let head = UnsafeRawBufferPointer(rebasing: body.prefix(4096))
        var at = 0
        while let place = head.offset(of: UInt8(ascii: "<"), from: at) {
            for name in sure where isTag(name, body, place) { return "text/html" }
            at = place + 1
        }
        return nil
    }

    private static let sure: [StaticString] = ["<html", "<!doctype html"]
    private static let names: [StaticString] = [
        "<!doctype html", "<html", "<head", "<body", "<script", "<title", "<table", "<style", "<iframe", "<meta", "<div", "<center",
        "<font",
        "<base", "<form", "<h1", "<img", "<p", "<a", "<br", "<span", "<link", "<b", "<frameset",
    ]

    private static func isTag(_ name: StaticString, _ body: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        let end = at + name.utf8CodeUnitCount
        guard end < body.count, body[at..<end].elementsEqualFolded(name) else { return false }
        return body[end] <= 32 || body[end] == UInt8(ascii: ">") || body[end] == UInt8(ascii: "/")
    }

    private static func xml(_ head: Slice<UnsafeRawBufferPointer>) -> String {
        if head.containsFolded("<svg") { return "image/svg+xml" }
        if head.containsFolded("<html") { return "application/xhtml+xml" }
        if head.containsFolded("progid=\"word.document\"") || head.containsFolded("<w:worddocument") { return "application/msword" }
        if head.containsFolded("progid=\"excel.sheet\"") { return "application/vnd.ms-excel" }
        if head.containsFolded("progid=\"powerpoint.show\"") { return "application/vnd.ms-powerpoint" }
        if head.containsFolded("<package"), head.containsFolded("<job") { return "application/x-wsf" }
        if head.containsFolded("<job") || head.containsFolded("<scriptlet"), head.containsFolded("<script") { return "application/x-wsf" }
        return "text/xml"
    }
}
