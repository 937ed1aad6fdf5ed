/// A rule that matched, and what it says of itself. Pure.
struct RuleMatch: Sendable {
    var rule: String
    /// Below the rules' folder.
    var file: String
    var tags: [String] = []
    /// Meta `score`: 0 to 100 in the field.
    var score: Double?
    /// Meta `symbol`.
    var symbol: String?
    var description: String?
    /// Strings that were found, and where first.
    var strings: [(name: String, offset: Int)] = []

    /// Of tags, and of strings.
    static let most = 8

    init(rule: String, file: String) {
        self.rule = rule
        self.file = file
    }
}
