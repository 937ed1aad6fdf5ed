import CPostern

/// Text as a reader sees it, in UTF-8. For the run that it came from.
public struct MessageText {
    public enum Source: UInt32, Sendable {
        case plain
        /// HTML as it is rendered.
        case html
        /// In the HTML, but no reader sees it.
        case hidden
        case subject
    }

    /// The part's index among `Message.parts`.
    public let part: Int
    public let source: Source
    public let gaps: Gaps
    private let ref: postern_ref
    private let call: UnsafePointer<postern_call>

    init(_ raw: postern_text, of call: UnsafePointer<postern_call>) {
        part = Int(raw.part)
        source = Source(rawValue: raw.source) ?? .plain
        gaps = Gaps(rawValue: raw.text.flags)
        ref = raw.text
        self.call = call
    }

    public var count: Int { Int(clamping: ref.length) }

    /// Its bytes, lent for the closure. Throws when the host cannot give them.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try ref.withBytes(of: call, body) }
}
