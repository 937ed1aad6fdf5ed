import Glibc
import Mail

/// Between the callers, who must not wait, and the disk, which may: a bounded buffer and the thread that empties it.
final class LogPipe: @unchecked Sendable {
    // Sendable: all variables are guarded by `mutex`, except `descriptor`, which the writer's thread alone uses after init.
    static let batch = 64 << 10
    static let capacity = 4 << 20
    static let patienceNanoseconds = 100_000_000
    static let stopSeconds = 2

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Signalled to the writer: there is something to do.
    private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Signalled to those who flush or stop: something was done.
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private var buffer: [UInt8] = []
    private var lines = 0
    private var droppedNow = 0
    private var dropped = 0
    /// Counts batches asked for and finished: a flush waits until the one that holds its lines is finished.
    private var flushWanted = false
    private var appended = 0
    private var finished = 0
    private var wantsReopen = false
    private var isStopping = false
    private var isRunning = false

    private let output: MailFlowLog.Output
    private let lineAboutDrops: @Sendable (Int, Timestamp) -> [UInt8]
    private var descriptor: Int32

    init(output: MailFlowLog.Output, lineAboutDrops: @escaping @Sendable (Int, Timestamp) -> [UInt8]) throws(MailFlowLog.OpenFailure) {
        self.output = output
        self.lineAboutDrops = lineAboutDrops
        descriptor = try Self.open(output)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(work, &attributes)
        pthread_cond_init(done, &attributes)
        pthread_condattr_destroy(&attributes)
        buffer.reserveCapacity(Self.batch * 2)
    }

    deinit {
        if descriptor > 2 { close(descriptor) }
        pthread_cond_destroy(work)
        pthread_cond_destroy(done)
        pthread_mutex_destroy(mutex)
        work.deallocate()
        done.deallocate()
        mutex.deallocate()
    }

    // MARK: The callers' side

    func start(clock: any WallClock) {
        isRunning = true
        let box = Unmanaged.passRetained(Start(pipe: self, clock: clock))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                start.pipe.write(clock: start.clock)
                return nil
            }, box.toOpaque())
        guard result == 0 else { preconditionFailure("no thread for the log: \(result)") }
        pthread_detach(thread)
    }

    private final class Start {
        let pipe: LogPipe
        let clock: any WallClock
        init(pipe: LogPipe, clock: any WallClock) {
            self.pipe = pipe
            self.clock = clock
        }
    }

    func append(_ line: [UInt8]) {
        locked {
            guard !isStopping, buffer.count + line.count <= Self.capacity else {
                droppedNow += 1
                dropped += 1
                return
            }
            let wasEmpty = buffer.isEmpty
            let wasBelow = buffer.count < Self.batch
            buffer.append(contentsOf: line)
            lines += 1
            appended += 1
            if wasEmpty || (wasBelow && buffer.count >= Self.batch) { pthread_cond_signal(work) }
        }
    }

    func flush() {
        locked {
            let goal = appended
            flushWanted = true
            pthread_cond_signal(work)
            while finished < goal, isRunning { pthread_cond_wait(done, mutex) }
        }
    }

    func reopen() {
        locked {
            wantsReopen = true
            pthread_cond_signal(work)
            waitAWhile { wantsReopen && isRunning }
        }
    }

    func stop() {
        locked {
            isStopping = true
            pthread_cond_signal(work)
            waitAWhile { isRunning }
        }
    }

    /// The end of the gateway does not wait for a reader of its output who has stopped reading.
    private func waitAWhile(_ condition: () -> Bool) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += Self.stopSeconds
        while condition(), pthread_cond_timedwait(done, mutex, &deadline) != ETIMEDOUT {}
    }

    var droppedInAll: Int { locked { dropped } }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: The writer's thread

    private func write(clock: any WallClock) {
        var batch: [UInt8] = []
        batch.reserveCapacity(Self.batch * 2)
        var mayHaveCutLine = false
        pthread_mutex_lock(mutex)
        while true {
            while buffer.isEmpty, !hasErrand { pthread_cond_wait(work, mutex) }
            waitForMore()
            swap(&batch, &buffer)
            let (count, lost, reopens, stops) = (lines, droppedNow, wantsReopen, isStopping)
            (lines, droppedNow, flushWanted) = (0, 0, false)
            pthread_mutex_unlock(mutex)

            if mayHaveCutLine { batch.insert(UInt8(ascii: "\n"), at: 0) }
            if lost > 0 { batch.append(contentsOf: lineAboutDrops(lost, clock.now)) }
            let written = Self.write(batch, to: descriptor)
            mayHaveCutLine = !written
            batch.removeAll(keepingCapacity: batch.capacity <= Self.batch * 4)
            if reopens { replaceDescriptor() }

            pthread_mutex_lock(mutex)
            if !written {
                // A line cut short by a full disk counts as dropped with the rest of its batch.
                droppedNow += count + lost
                dropped += count
            }
            finished += count
            if reopens { wantsReopen = false }
            if stops { isRunning = false }
            pthread_cond_broadcast(done)
            if stops { break }
        }
        pthread_mutex_unlock(mutex)
    }

    private var hasErrand: Bool { flushWanted || wantsReopen || isStopping }

    private func waitForMore() {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + Self.patienceNanoseconds
        deadline.tv_sec += nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        while buffer.count < Self.batch, !hasErrand {
            if pthread_cond_timedwait(work, mutex, &deadline) == ETIMEDOUT { return }
        }
    }

    private func replaceDescriptor() {
        guard case .file = output else { return }
        do throws(MailFlowLog.OpenFailure) {
            let fresh = try Self.open(output)
            close(descriptor)
            descriptor = fresh
        } catch {
            let text = Array("\(error); the old file goes on\n".utf8)
            _ = Self.write(text, to: 2)
        }
    }

    private static func open(_ output: MailFlowLog.Output) throws(MailFlowLog.OpenFailure) -> Int32 {
        guard case .file(let path) = output else { return 1 }
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw MailFlowLog.OpenFailure(description: "log file \(path): \(String(cString: strerror(errno)))") }
        return descriptor
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { all in
            var at = 0
            while at < all.count {
                let count = Glibc.write(descriptor, all.baseAddress! + at, all.count - at)
                if count > 0 {
                    at += count
                } else if errno == EAGAIN {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&entry, 1, 1000)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
