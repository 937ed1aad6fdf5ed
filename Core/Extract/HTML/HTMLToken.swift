/// What the tokenizer found. Ranges are places in its input.
enum HTMLToken: Equatable, Sendable {
    /// Characters as they stand there.
    case text(Range<Int>)
    /// A character reference and what it is.
    case reference(Unicode.Scalar, Unicode.Scalar?, Range<Int>)
    /// `name`, `element`, `attributes` tell the rest.
    case startTag
    case endTag
    /// Between `<!--` and its end.
    case comment(Range<Int>)
    /// Everything else that shows nothing: `<!DOCTYPE`, `<?xml`, `</ x>`, `<![if]>`.
    case declaration(Range<Int>)
}
