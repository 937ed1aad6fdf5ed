/// What a data set expects beside what we do. Every difference is listed with its reason; one that is not, and a reason that is not needed any more, are
/// problems.
public struct Comparison {
    public let reasons: [String: String]
    public private(set) var rows = 0
    private var differing: Set<String> = []
    private var unexplained: [String] = []

    public init(reasons: [String: String]) { self.reasons = reasons }

    /// `difference`: nil where there is none.
    public mutating func row(_ id: String, difference: String?) {
        rows += 1
        guard let difference else { return }
        differing.insert(id)
        if reasons[id] == nil { unexplained.append("\(id): \(difference)") }
    }

    public mutating func row(_ id: String, expected: String, ours: String, _ input: String) {
        row(id, difference: expected == ours ? nil : "\(input): expected \(expected), is \(ours)")
    }

    /// Empty, or the test fails.
    public var problems: [String] {
        unexplained + reasons.keys.sorted().filter { !differing.contains($0) }.map { "\($0) is as expected: its reason is not needed" }
    }

    /// `14 messages, 11 as theirs`.
    public func summary(_ what: String) -> String { "\(rows) \(what), \(rows - differing.count) as theirs" }
}
