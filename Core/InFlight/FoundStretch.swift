import Mail

/// A stretch that a process was in when it ended.
public struct FoundStretch: Hashable, Sendable, CustomStringConvertible {
    public var stretch: CriticalStretch
    public var time: Timestamp
    /// The thread that ended the process was in it.
    public var isFatal: Bool

    /// What it did: for the log.
    public var description: String {
        let message = stretch.queueID.map { " over message \($0)" } ?? ""
        let digest = stretch.digest.map { ", digest \($0)" } ?? ""
        return "\(work)\(message) of session \(stretch.session), client \(stretch.client)\(digest)"
    }

    /// `filter NAME at data`, or `the reading of the header`.
    var work: String { stretch.filter.isEmpty ? "the reading of the header" : "filter \(stretch.filter) at \(stretch.phase)" }
}

/// How the process before this one ended, as far as somebody saw it.
public struct ProcessDeath: Hashable, Sendable {
    public var pid: Int32
    /// `SIGILL`, `exit status 1`, ...
    public var how: String
    /// A trap, an abort, a bad access: its own doing.
    public var isCrash: Bool

    public init(pid: Int32, how: String, isCrash: Bool) {
        self.pid = pid
        self.how = how
        self.isCrash = isCrash
    }
}
