import Mail
import Metrics

/// What a writer tells of its work. `file`: `queue`, `quarantine`.
struct CommitMetrics: Sendable {
    private let commits: Counter
    private let seconds: Timer
    private let size: Recorder
    private let syncs: Counter

    init(file: String) {
        commits = Counter(label: MetricName.commits, dimensions: [("file", file)])
        seconds = Timer(label: MetricName.commitSeconds, dimensions: [("file", file)])
        size = Recorder(label: MetricName.commitSize, dimensions: [("file", file)])
        syncs = Counter(label: MetricName.syncs, dimensions: [("file", file)])
    }

    func committed(nanoseconds: Int64, entries: Int) {
        commits.increment()
        seconds.recordNanoseconds(nanoseconds)
        size.record(entries)
    }

    func synced(_ count: Int) { if count > 0 { syncs.increment(by: count) } }
}
