/// A serial place where work runs, one piece at a time and in order: an event loop, seen without its library. Gateway adapts NIO's; tests
/// have one whose time they move by hand.
public protocol SerialLoop: AnyObject, Sendable {
    /// True on the loop's own thread.
    var isCurrent: Bool { get }
    var now: Timestamp { get }
    /// Since some moment of the past: goes on evenly when the clock is set. `schedule` goes by it.
    var uptime: Duration { get }
    /// Never runs `work` before returning. Any thread.
    func execute(_ work: @escaping @Sendable () -> Void)
    /// Runs `work` once after `delay` unless cancelled. Any thread.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork
}

extension SerialLoop {
    /// At once when already on the loop, else soon.
    public func run(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { execute(work) }
    }
}

public protocol ScheduledWork: Sendable {
    /// Any thread; does nothing when the work has begun.
    func cancel()
}
