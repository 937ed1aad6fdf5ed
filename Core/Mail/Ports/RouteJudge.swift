/// Where mail is about to go, and for whom.
public struct RouteQuestion: Hashable, Sendable {
    public var role: ListenerRole
    /// Whose filters are asked.
    public var policyDomain: String
    /// A mail domain in lower case and A-labels, or the first of the servers' names.
    public var destination: String
    public var isByMX: Bool

    public init(role: ListenerRole, policyDomain: String, destination: String, isByMX: Bool) {
        self.role = role
        self.policyDomain = policyDomain
        self.destination = destination
        self.isByMX = isByMX
    }
}

public enum RouteAnswer: Hashable, Sendable {
    case go([RouteRequirement])
    /// Not now. One line for the log, with an enhanced status code in front.
    case wait(String)
    /// Never. The same.
    case refuse(String)
}

/// Asks the filters of the phase `route`. Inspect implements it for Deliver. Any thread; the completion comes once, on any thread, possibly before
/// this returns.
public typealias JudgeRoute = @Sendable (RouteQuestion, _ completion: @escaping @Sendable (RouteAnswer) -> Void) -> Void
