/// What is in force, a few words each with its degree: "user 65534", "landlock 7", "memory 2048 MiB".
public struct SandboxReport: Sendable, Equatable, CustomStringConvertible {
    public internal(set) var layers: [String] = []

    public var description: String { layers.joined(separator: ", ") }
}
