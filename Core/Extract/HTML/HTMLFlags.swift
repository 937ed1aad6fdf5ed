/// What is odd about a page.
public struct HTMLFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// There is text that no reader sees.
    public static let hidden = HTMLFlags(rawValue: 1)
    /// Characters of no width, taken out.
    public static let zeroWidth = HTMLFlags(rawValue: 2)
    /// Characters that turn the direction of text.
    public static let bidi = HTMLFlags(rawValue: 4)
    public static let nul = HTMLFlags(rawValue: 8)
    /// Conditional comments: Outlook shows another page than others.
    public static let conditional = HTMLFlags(rawValue: 16)
    public static let script = HTMLFlags(rawValue: 32)
    public static let form = HTMLFlags(rawValue: 64)
    /// Deeper, or more attributes, rules or links, than are looked at.
    public static let limit = HTMLFlags(rawValue: 128)

    public static let names: [(HTMLFlags, String)] = [
        (.hidden, "hidden"), (.zeroWidth, "zero-width"), (.bidi, "bidi"), (.nul, "nul"), (.conditional, "conditional"), (.script, "script"),
        (.form, "form"), (.limit, "limit"),
    ]
}
