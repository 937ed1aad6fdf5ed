import Extract
import MIME
import Mail

/// Addresses: the first line is a base, the second is read against it and alone; all of it is text in which addresses are found. What was read and
/// written down reads the same again.
enum URLTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let lines = bytes.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
        let base = URLParser.parse(lines[0])
        if let base { try check(base, lines[0].count) }
        if lines.count > 1 {
            if let record = URLParser.parse(lines[1]) { try check(record, lines[1].count) }
            if let base, let record = URLParser.parse(lines[1], base: base) { try check(record, bytes.count) }
        }
        var collector = URLCollector()
        bytes.withUnsafeBytes { collector.add(text: $0, at: .init(part: 3, region: 1, offset: 7)) }
        try check(collector, 7..<7 + bytes.count)
        var last = 0
        for url in collector.urls {
            try expect(url.span.range.lowerBound >= last, "an address at \(url.span.range) begins within another")
            last = url.span.range.upperBound
        }
    }

    private static func check(_ record: URLRecord, _ count: Int) throws(Finding) {
        let text = record.serialized
        try expect(
            URLParser.parse(text) == record, "\(text.debugDescription) reads otherwise: \(String(describing: URLParser.parse(text)))")
        try expect(text.utf8.count <= 32 * count + 64, "\(text.utf8.count) bytes of \(count)")
        try expect(text.utf8.allSatisfy { (32..<127).contains($0) }, "\(text.debugDescription) is more than ASCII")
        if record.isSpecial, case .domain(let domain) = record.host {
            let isClean = domain.utf8.allSatisfy { $0 > 32 && !(65...90).contains($0) && !Array("#/:<>?@[\\]^|%".utf8).contains($0) }
            try expect(!domain.isEmpty && isClean, "the host \(domain.debugDescription)")
        }
    }

    /// `bounds`: where addresses may stand.
    static func check(_ collector: URLCollector, _ bounds: Range<Int>) throws(Finding) {
        try expect(collector.urls.count <= URLCollector.mostURLs, "\(collector.urls.count) addresses")
        for url in collector.urls {
            try expect(url.part == 3 && url.span.region == 1, "another place")
            try expect(
                bounds.lowerBound <= url.span.range.lowerBound && url.span.range.upperBound <= bounds.upperBound,
                "an address at \(url.span.range)")
            try check(url)
        }
    }

    static func check(_ url: ContentURL) throws(Finding) {
        try expect(url.raw.utf8.count <= 3 * HTMLLink.mostBytes, "\(url.raw.utf8.count) bytes as written")
        try expect(url.anchor.utf8.count <= 3 * 512, "an anchor of \(url.anchor.utf8.count) bytes")
        try expect(url.host.isEmpty || !url.canonical.isEmpty, "a host without an address")
        if url.canonical.isEmpty { return }
        let again = URLParser.parse(url.canonical)
        try expect(
            again?.serialized == url.canonical && again?.host?.serialized ?? "" == url.host,
            "\(url.canonical.debugDescription) reads otherwise: \(again?.serialized.debugDescription ?? "not at all")")
    }
}
