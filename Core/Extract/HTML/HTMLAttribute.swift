/// An attribute of the tag that the tokenizer stands behind.
struct HTMLAttribute: Sendable {
    var name: HTMLName
    var kind: HTMLAttributeKind
    /// In the input, or, when it has character references, in the tokenizer's `decoded`.
    var value: Range<Int>
    var isVerbatim: Bool
    /// The value in the input, without quotes.
    var span: Range<Int>
}
