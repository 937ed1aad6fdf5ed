import Foundation
import Mail
import PluginLoader

/// Loads that run together, and what they come to.
struct Measurement {
    var times: [UInt64] = []
    var failures: [String] = []
    /// Messages with symbols.
    var found = 0
    var seconds = 0.0
    var own: UInt64 = 0
    var workers: UInt64 = 0
    var workerFaults = 0

    init(_ loads: [Load], workers pids: [Int32]) {
        let (start, ownBefore) = (MonotonicClock.nanoseconds, ProcessUse.cpu(getpid()))
        let (cpuBefore, faultsBefore) = (pids.map(ProcessUse.cpu), pids.map(ProcessUse.minorFaults))
        for load in loads { load.start() }
        for load in loads { load.wait() }
        seconds = Double(MonotonicClock.nanoseconds - start) / 1e9
        own = ProcessUse.cpu(getpid()) - ownBefore
        workers = zip(pids.map(ProcessUse.cpu), cpuBefore).reduce(0) { $0 + ($1.0 - min($1.0, $1.1)) }
        workerFaults = zip(pids.map(ProcessUse.minorFaults), faultsBefore).reduce(0) { $0 + $1.0 - $1.1 }
        times = loads.flatMap(\.times).sorted()
        failures = loads.flatMap(\.failures)
        found = loads.reduce(0) { $0 + $1.found }
    }

    /// Microseconds.
    func quantile(_ q: Double) -> Double { Double(times[min(times.count - 1, Int(Double(times.count) * q))]) / 1000 }
    var perSecond: Double { Double(times.count) / seconds }
    /// Microseconds of CPU each.
    var ownEach: Double { Double(own) / Double(times.count) / 1000 }
    var workersEach: Double { Double(workers) / Double(times.count) / 1000 }

    var row: String {
        let cells = [quantile(0.5), quantile(0.99)].map(Self.number) + [String(Int(quantile(1))), String(Int(perSecond))]
        return (cells + [ownEach, workersEach].map(Self.number)).joined(separator: " | ") + (failures.isEmpty ? "" : " | \(failures)")
    }

    static func number(_ value: Double) -> String { value < 100 ? String(format: "%.1f", value) : String(Int(value)) }
}

/// A line, seen at once.
func report(_ line: String) {
    print(line)
    fflush(nil)
}
