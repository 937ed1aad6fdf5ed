/// Something that is wrong in a configuration file, and what would mend it.
public struct SettingsProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Severity: String, Sendable { case error, warning }

    /// Only errors refuse the configuration.
    public var severity: Severity
    public var place: SettingsPlace
    public var what: String
    public var mend: String

    public init(_ severity: Severity = .error, at place: SettingsPlace, _ what: String, mend: String) {
        self.severity = severity
        self.place = place
        self.what = what
        self.mend = mend
    }

    /// `file:line:column: what; mend`, with `warning: ` before `what` for a warning.
    public var description: String {
        "\(place): \(severity == .warning ? "warning: " : "")\(what)\(mend.isEmpty ? "" : "; \(mend)")"
    }
}

/// Where in a file.
public struct SettingsPlace: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// Both from 1; 0 when the whole file is meant. Columns count characters (Unicode scalars).
    public var line: Int
    public var column: Int

    public init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { line == 0 ? file : "\(file):\(line):\(column)" }
}

/// Why a configuration was refused: every problem that was found, warnings too, in the order of files and lines.
public struct SettingsErrors: Error, Sendable, CustomStringConvertible {
    public var problems: [SettingsProblem]

    public init(_ problems: [SettingsProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
