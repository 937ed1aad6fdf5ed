import Mail
import NIOCore

/// An event loop as the rest of the gateway sees it. Any thread; holds the loop and a clock, nothing else.
public final class NIOSerialLoop: SerialLoop {
    public let eventLoop: any EventLoop
    private let clock: any WallClock

    public init(_ eventLoop: any EventLoop, clock: any WallClock) {
        self.eventLoop = eventLoop
        self.clock = clock
    }

    public var isCurrent: Bool { eventLoop.inEventLoop }
    public var now: Timestamp { clock.now }
    public var uptime: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

    public func execute(_ work: @escaping @Sendable () -> Void) { eventLoop.execute(work) }

    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork {
        Work(scheduled: eventLoop.scheduleTask(in: TimeAmount(delay), work))
    }

    private struct Work: ScheduledWork {
        let scheduled: Scheduled<Void>
        func cancel() { scheduled.cancel() }
    }
}
