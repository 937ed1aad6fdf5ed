import Mail

extension PartFlags {
    /// Which gap each oddity is. What is merely worth a symbol is none.
    public var gaps: ContentGaps {
        var gaps: ContentGaps = []
        if !isDisjoint(with: Self.breaking) { gaps.insert(.malformed) }
        if !isDisjoint(with: Self.dividing) { gaps.insert(.ambiguous) }
        if !isDisjoint(with: [.unclosed, .partial]) { gaps.insert(.truncated) }
        if contains(.limit) { gaps.insert(.limitHit) }
        if contains(.encrypted) { gaps.insert(.encrypted) }
        return gaps
    }

    /// Against the standard.
    private static let breaking: PartFlags = [
        .brokenHeader, .duplicateField, .duplicateParameter, .badType, .oddEncoding, .badBoundary, .noParts, .unclosed, .boundaryLookalike,
        .badBase64, .badQuotedPrintable, .badEncodedFile, .rawHeaderBytes, .nul, .badCharset, .badEncodedWord, .headerSplit,
    ]

    /// Readers differ.
    private static let dividing: PartFlags = [
        .duplicateField, .duplicateParameter, .oddParameter, .oddEncoding, .badBoundary, .noParts, .boundaryLookalike, .badType,
        .brokenHeader,
        .ambiguousName, .headerSplit,
    ]
}
