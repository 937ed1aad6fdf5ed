/// Tells the time. The one place where engines get it, so that tests can set it.
public protocol WallClock: Sendable {
    var now: Timestamp { get }
}
