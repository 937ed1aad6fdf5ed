/// What is wrong with a file of rules.
struct RuleFault: Hashable, Sendable, CustomStringConvertible {
    var file: String
    /// 0: of the file as a whole.
    var line: Int
    var text: String
    /// The file that must be left out because of it: the one that includes `file`, or itself.
    var owner: String?

    var description: String { line > 0 ? "\(file):\(line): \(text)" : "\(file): \(text)" }
}
