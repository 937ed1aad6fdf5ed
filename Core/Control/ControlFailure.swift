/// Why a request was not carried out, and what to do about it: an HTTP status on the wire, two lines on the terminal.
public struct ControlFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Int, Sendable, CaseIterable {
        /// The request itself is malformed.
        case badRequest = 400
        case notFound = 404
        /// The thing asked for is in a state in which that cannot be done.
        case conflict = 409
        case tooLarge = 413
        /// Files that were to be taken have problems.
        case invalid = 422
        /// A failure of the gateway's own.
        case failed = 500
        /// Not now: starting, stopping, or nobody listens.
        case unavailable = 503
        case timeout = 504
    }

    public var kind: Kind
    /// One sentence.
    public var what: String
    /// What the operator can do; may be empty.
    public var mend: String
    /// With `.invalid`: one line each, `file:line:column: what, and the mend`.
    public var problems: [String]

    public init(_ kind: Kind, _ what: String, mend: String = "", problems: [String] = []) {
        self.kind = kind
        self.what = what
        self.mend = mend
        self.problems = problems
    }

    public var description: String { ([mend.isEmpty ? what : "\(what) (\(mend))"] + problems).joined(separator: "\n") }
}

/// Its form on the wire.
struct ControlFailureBody: Codable {
    var error: String
    var mend: String
    var problems: [String]?

    init(_ failure: ControlFailure) {
        error = failure.what
        mend = failure.mend
        problems = failure.problems.isEmpty ? nil : failure.problems
    }
}
