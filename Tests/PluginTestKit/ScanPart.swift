/// A leaf of a message, as the filter under test is shown it.
public struct ScanPart: Sendable {
    public var path: String
    public var names: [String]
    public var type: String
    /// Without the transfer encoding.
    public var bytes: [UInt8]
    /// What a reader sees of it; nil: no text.
    public var text: [UInt8]?

    public init(_ path: String, names: [String] = [], type: String = "application/octet-stream", _ bytes: [UInt8], text: [UInt8]? = nil) {
        self.path = path
        self.names = names
        self.type = type
        self.bytes = bytes
        self.text = text
    }
}
