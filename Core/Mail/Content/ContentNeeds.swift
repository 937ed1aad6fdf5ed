/// What of a message's content a filter's manifest asks to be shown; what nobody needs is not built.
public struct ContentNeeds: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The tree of parts: types, names, flags, and each leaf's decoded bytes with their SHA-256.
    public static let parts = ContentNeeds(rawValue: 1)
    /// What a reader would see as text, in UTF-8.
    public static let text = ContentNeeds(rawValue: 2)
    /// Everything that a client would make a link of, or fetch.
    public static let urls = ContentNeeds(rawValue: 4)

    /// As manifests name them.
    public static let words: [(ContentNeeds, String)] = [(.parts, "parts"), (.text, "text"), (.urls, "urls")]
}
