/// Which of a style sheet's blocks apply to a window on a desk (Media Queries; CSS Conditional Rules).
enum CSSMedia {
    /// `@media`, `@supports` or `@layer` in front of a block that holds rules for such a window.
    static func applies(_ prelude: ArraySlice<UInt8>) -> Bool {
        if prelude.starts("@layer") { return true }
        // What a client must be able to do, most are.
        if prelude.starts("@supports") { return !prelude.dropFirst(9).trimmed.starts("not") }
        guard prelude.starts("@media") else { return false }
        return matches(prelude.dropFirst(6))
    }

    /// A list of queries, as in the attribute `media`; an empty one matches.
    static func matches(_ queries: ArraySlice<UInt8>) -> Bool {
        if queries.trimmed.isEmpty { return true }
        var applies = false
        CSSText.split(queries, at: UInt8(ascii: ",")) { if query($0) { applies = true } }
        return applies
    }

    private static func query(_ query: ArraySlice<UInt8>) -> Bool {
        var words = query.words[...]
        if words.first?.isWord("not") == true { return false }
        if words.first?.isWord("only") == true { words.removeFirst() }
        guard !words.isEmpty else { return false }
        return words.allSatisfy { $0.isWord("all") || $0.isWord("screen") || $0.isWord("and") || isWide($0) }
    }

    /// `(min-width: 1px)`, `(max-width: 9999px)`: a condition that every window meets.
    private static func isWide(_ condition: ArraySlice<UInt8>) -> Bool {
        guard condition.first == UInt8(ascii: "("), condition.last == UInt8(ascii: ")"),
            let colon = condition.firstIndex(of: UInt8(ascii: ":")),
            let length = CSSLength(condition[(colon + 1)..<(condition.endIndex - 1)].trimmed)?.pixels(around: 16)
        else { return false }
        let name = condition[(condition.startIndex + 1)..<colon].trimmed
        if name.starts("min-") { return length <= 600 }
        return name.starts("max-") && length >= 3000
    }
}
