import NIOCore

/// Runs tasks on an event loop's thread: tests that wait for processes hold the threads of the common pool, for longer than a server's timers
/// (the PROXY header's 10 s) let a client stand still.
public final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    public init(_ loop: any EventLoop) { self.loop = loop }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
