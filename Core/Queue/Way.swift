import Mail

/// A way that copies go: to a domain's own servers (inbound), or by what its `outbound` names into the world. Each has a line of its own, so
/// that neither waits for the other.
struct Way: Hashable, Sendable {
    var role: ListenerRole
    /// The policy domain of the copies.
    var domain: String

    init(_ domain: String, role: ListenerRole = .inbound) {
        self.domain = domain
        self.role = role
    }
}
