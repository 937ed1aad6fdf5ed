import Extract
import MIME
import Mail

/// A page of any bytes: text bounded by its size, links that lie in it, each with an address that reads the same when it is read again.
enum HTMLTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let page = HTMLPage(bytes)
        try expect(
            page.visible.count + page.hidden.count <= 12 * bytes.count + 64,
            "\(page.visible.count) bytes seen and \(page.hidden.count) hidden of \(bytes.count)")
        if String(validating: bytes, as: UTF8.self) != nil {
            try expect(String(validating: page.visible, as: UTF8.self) != nil, "what is seen is no UTF-8")
            try expect(String(validating: page.hidden, as: UTF8.self) != nil, "what is hidden is no UTF-8")
        }
        for link in page.links {
            try expect(link.span.upperBound <= bytes.count, "a link at \(link.span) of \(bytes.count)")
            try expect(link.value.count <= HTMLLink.mostBytes, "an address of \(link.value.count) bytes")
            if let anchor = link.anchor {
                try expect(anchor.upperBound <= page.visible.count, "an anchor at \(anchor) of \(page.visible.count)")
            }
        }
        var collector = URLCollector()
        bytes.withUnsafeBytes { collector.add(page: page, html: $0, at: .init(part: 3, region: 1, offset: 7)) }
        try URLTarget.check(collector, 7..<7 + bytes.count)
    }
}
