import Glibc
import Mail
import Processes
import Synchronization
import WorkerLink

/// The worker's first thread: reads what the gateway says, runs nonblocking plugins, and what others hand to it. When the gateway is gone it ends
/// the process.
final class WorkerLoop: SerialLoop, @unchecked Sendable {
    // Sendable: `queue` and `clock` have their locks; the rest belongs to the thread.
    private let queue = Mutex<[@Sendable () -> Void]>([])
    /// The gateway's time less our uptime, in microseconds.
    private let offset = Atomic<Int64>(0)
    private let thread = pthread_self()
    /// To and from the gateway.
    private let bell: Doorbell
    /// From other threads of ours.
    private let alarm: Doorbell
    private let ringer: Doorbell
    private let socket: PacketSocket
    private let outgoing: Outgoing

    init(bell: Doorbell, socket: PacketSocket, outgoing: Outgoing) {
        self.bell = bell
        guard let (alarm, ringer) = Doorbell.pair() else { WorkerProcess.end(.badStart, "no descriptors") }
        self.alarm = alarm
        self.ringer = ringer
        self.socket = socket
        self.outgoing = outgoing
    }

    var ownDescriptors: [Int32] { [alarm.descriptor, ringer.descriptor] }

    // MARK: SerialLoop

    var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }
    var now: Timestamp { Timestamp(microseconds: Self.monotonic + offset.load(ordering: .relaxed)) }
    var uptime: Duration { .microseconds(Self.monotonic) }

    func execute(_ work: @escaping @Sendable () -> Void) {
        let isFirst = queue.withLock { queue in
            queue.append(work)
            return queue.count == 1
        }
        if isFirst { ringer.ring() }
    }

    /// The gateway keeps the timers of runs; nothing in here waits.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork {
        execute(work)
        return NoWork()
    }

    private struct NoWork: ScheduledWork { func cancel() {} }

    /// Judges by the gateway's clock from now on.
    func set(_ now: Timestamp) { offset.store(now.microseconds - Self.monotonic, ordering: .relaxed) }

    private static var monotonic: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    // MARK: The thread

    /// Hands every record to `handle`; never returns.
    func run(_ incoming: consuming RingConsumer, _ handle: ([UInt8]) -> Void) -> Never {
        var isAwake = true
        while true {
            let work = queue.withLock { queue in
                defer { queue = [] }
                return queue
            }
            for body in work { body() }
            switch incoming.next() {
            case .record(let record):
                handle(record)
                isAwake = true
                continue
            case .broken: WorkerProcess.end(.brokenLink, "the ring from the gateway is damaged")
            case .empty: break
            }
            outgoing.flush()
            if incoming.takeWantsRoom() { outgoing.ring() }
            // Once more around after each wake-up, so that nothing is missed between the two.
            if isAwake || !work.isEmpty {
                isAwake = false
                continue
            }
            if incoming.fallAsleep() {
                sleep()
                incoming.wakeUp()
            }
            bell.clear()
            alarm.clear()
            isAwake = true
        }
    }

    private func sleep() {
        var places = [
            pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: socket.descriptor, events: 0, revents: 0),
            pollfd(fd: alarm.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&places, 3, -1)
        if count < 0, errno != EINTR { WorkerProcess.end(.brokenLink, "cannot wait: \(String(cString: strerror(errno)))") }
        if places[1].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { WorkerProcess.end(.gatewayGone, "") }
        if (places[0].revents | places[2].revents) & Int16(POLLNVAL | POLLERR | POLLHUP) != 0 {
            WorkerProcess.end(.brokenLink, "the doorbell is gone")
        }
    }
}
