/// How a line of the mail-flow log is spelt.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `time=... event=queued id=... from=a@b.example`
    case logfmt
    /// One JSON object a line.
    case json
}
