/// What listeners of one role ask of a client before any recipient is known.
public struct EdgePolicy: Hashable, Sendable {
    /// Filters for connect, helo, auth and mail.
    public var filters: [FilterStep]
    /// Weights at the edge, and from which sum on it refuses by itself (only `defer` and `reject` mean something there).
    public var scores: [String: Double]
    public var thresholds: Thresholds

    public init(filters: [FilterStep] = [], scores: [String: Double] = [:], thresholds: Thresholds = Thresholds()) {
        self.filters = filters
        self.scores = scores
        self.thresholds = thresholds
    }
}
