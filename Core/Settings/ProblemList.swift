/// Collects problems while files are read, so that the operator sees them all at once. Used by one reading at a time, on one thread.
final class ProblemList {
    private(set) var all: [SettingsProblem] = []
    private var isFull = false

    /// A file full of mistakes is told about as far as anybody would read.
    static let maximum = 200

    var hasErrors: Bool { isFull || all.contains { $0.severity == .error } }

    func error(_ place: SettingsPlace, _ what: String, mend: String) { add(SettingsProblem(.error, at: place, what, mend: mend)) }
    func warning(_ place: SettingsPlace, _ what: String, mend: String) { add(SettingsProblem(.warning, at: place, what, mend: mend)) }

    func add(_ problem: SettingsProblem) {
        if all.count < Self.maximum { all.append(problem) } else if problem.severity == .error { isFull = true }
    }

    var sorted: [SettingsProblem] {
        // Stable: problems of one place stay in the order in which they were found.
        all.enumerated().sorted {
            let (a, b) = ($0.element.place, $1.element.place)
            return (a.file, a.line, a.column, $0.offset) < (b.file, b.line, b.column, $1.offset)
        }.map(\.element)
    }
}
