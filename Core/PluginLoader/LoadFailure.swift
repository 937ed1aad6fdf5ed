/// Why a plugin is not there. The text is for the operator: which file, what is wrong, and where there is one, the mend.
public struct LoadFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var text: String

    public init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }

    public var description: String { "\(path): \(text)" }
}
