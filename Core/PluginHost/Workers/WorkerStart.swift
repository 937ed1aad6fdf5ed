import PluginLoader
import WorkerLink

/// A worker's life as its generation sees it. On the reactor's thread.
final class WorkerStart {
    /// Kept from its start to its end.
    var process: WorkerProcess?
    /// Called once it has its instances.
    var ready: ((WorkerProcess, Set<UInt32>) -> Void)?
    /// Called at its end with the reason; `failure` where it says why it could not start.
    let ended: (String, WorkerStart) -> Void
    /// Instances that it was told to make.
    var made: Set<UInt32> = []
    /// Instances whose answer has not come yet.
    var missing: Set<UInt32> = []
    var cage: [String] = []
    /// What it said itself of a start that failed.
    var failure: String?
    var granted: Set<String> = []
    /// Where workers have places.
    var place: WorkerPlaces.Place?
    /// Of a gateway that is root.
    var user: UInt32?
    /// Its folder for temporary files.
    var temporary: String?
    var hasSaidReady = false
    var refused: Set<UInt32> = []
    let startedAt = MonotonicClock.nanoseconds
    var lastPing: UInt64 = 0
    var lastPong: UInt64 = 0

    var isReady: Bool { ready == nil }

    /// One run is tried again in it.
    let isForOne: Bool

    init(isForOne: Bool, ready: @escaping (WorkerProcess, Set<UInt32>) -> Void, ended: @escaping (String, WorkerStart) -> Void) {
        self.isForOne = isForOne
        self.ready = ready
        self.ended = ended
    }
}
