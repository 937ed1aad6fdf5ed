import Supervisor

/// What `postern run` was given.
public struct GatewayOptions: Sendable {
    /// The folder with postern.yaml; nil for the demonstration on loopback.
    public var configuration: String?

    /// nil: nobody starts it again.
    public var supervisor: SupervisorLink?

    public init(configuration: String?, supervisor: SupervisorLink? = nil) {
        self.configuration = configuration
        self.supervisor = supervisor
    }
}

/// Why the gateway cannot start. The text says where and what to do.
public struct StartFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}
