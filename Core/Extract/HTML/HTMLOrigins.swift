/// Where in a page pieces of its text are from: pairs of offsets, rising, some 64 bytes apart.
struct HTMLOrigins: Sendable {
    private static let step = 64
    private var pairs: [(text: Int, page: Int)] = []

    /// What follows at `text` is from `page` on.
    @inline(__always) mutating func note(text: Int, page: Int) {
        if text >= (pairs.last?.text ?? -Self.step) + Self.step { pairs.append((text, page)) }
    }

    /// What is between is no longer in the order of the page.
    mutating func forget(behind text: Int) {
        while let last = pairs.last, last.text > text { pairs.removeLast() }
    }

    /// The piece of the page, of `count` bytes, that a piece of the text is from: as narrow as is known.
    func origin(of text: Range<Int>, in count: Int) -> Range<Int> {
        var low = 0
        var high = pairs.count
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle].text <= text.lowerBound { low = middle + 1 } else { high = middle }
        }
        let start = low > 0 ? pairs[low - 1].page : 0
        var end = low
        while end < pairs.count, pairs[end].text < text.upperBound { end += 1 }
        return start..<max(start, end < pairs.count ? pairs[end].page : count)
    }
}
