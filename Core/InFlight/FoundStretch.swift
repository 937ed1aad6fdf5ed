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
        return "\(Self.work(stretch.filter, stretch.phase))\(message) of session \(stretch.session), client \(stretch.client)\(digest)"
    }

    /// `filter NAME at data`, or `the gateway's own reading`.
    static func work(_ filter: String, _ phase: Phase) -> String {
        filter.isEmpty ? "the gateway's own reading" : "filter \(filter) at \(phase)"
    }
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
