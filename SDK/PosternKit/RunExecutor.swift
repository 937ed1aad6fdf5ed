import Synchronization

/// Runs a call's jobs where the host calls: `enqueue` puts them by, `drain` runs them on the thread that is in on_phase. So async code
/// needs no thread of its own, and runs in the same order every time.
final class RunExecutor: TaskExecutor {
    // A lock, since a filter that awaits something foreign is resumed from a foreign thread: the job is put by, and the run has stopped on
    // a fault by then.
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func drain() {
        while true {
            let batch = jobs.withLock { jobs in
                let batch = jobs
                jobs = []
                return batch
            }
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
