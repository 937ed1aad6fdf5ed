/// What filters' requests to one service may hold together while they are under way. Whoever does the service refuses what is beyond; what one
/// plugin may have of it is PluginHost's to say.
public struct ServiceBounds: Hashable, Sendable {
    public var requests: Int
    /// Of names asked for; of keys and values, not of what a scan finds; of HTTP bodies, and answers as long as they may be.
    public var bytes: Int

    public init(requests: Int, bytes: Int) {
        self.requests = requests
        self.bytes = bytes
    }

    /// Fewer than the resolver takes: the gateway has questions of its own.
    public static let dns = ServiceBounds(requests: 9000, bytes: 16 << 20)
    public static let state = ServiceBounds(requests: 8192, bytes: 64 << 20)
    public static let http = ServiceBounds(requests: 1024, bytes: 128 << 20)
}
