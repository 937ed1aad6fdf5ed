import Mail
import Synchronization

/// How many open copies there are, without asking the files: read once at open, then kept by each commit. Any thread.
final class StoreCounts: Sendable {
    private let counts: Mutex<CopyCounts>

    init(_ counts: CopyCounts) { self.counts = Mutex(counts) }

    var now: CopyCounts { counts.withLock { $0 } }

    func add(_ change: CopyCounts) { if change != CopyCounts() { counts.withLock { $0 += change } } }
}
