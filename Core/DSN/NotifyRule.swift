import Mail

/// Who is told of what (RFC 3461 sections 4.1 and 6.2). Pure.
public struct NotifyRule: Sendable {
    /// nil: nobody is ever told. A null reverse-path gets no DSN, so that no DSN is about another; a reverse-path that nobody has proven gets
    /// none either, since whoever owns it may have sent nothing.
    public let sender: EmailAddress?

    public init(_ message: StoredMessage) {
        if message.isSenderAuthenticated, case .address(let address) = message.reversePath { sender = address } else { sender = nil }
    }

    /// Whether the sender is told when `condition` comes true for this copy. Where NOTIFY was not given: of failures, and of delays.
    public func tells(_ condition: NotifyConditions, of copy: StoredRecipient) -> Bool {
        guard sender != nil else { return false }
        return copy.notify.map { $0.contains(condition) } ?? (condition != .success)
    }
}
