import Mail
import Metrics
import PluginLoader
import Synchronization

/// Counts of one plugin, over all its generations. Any thread, no locks.
final class PluginStats: @unchecked Sendable {
    // Sendable: atomics, and counters that are Sendable themselves.
    private let calls = Atomic(0)
    private let slow = Atomic(0)
    private let faults = Atomic(0)
    private let running = Atomic(0)
    /// Calls by their time: bucket i holds those below 2^(i/4) * 128 ns: four buckets an octave, up to 2 s.
    private let buckets: UnsafeMutablePointer<Atomic<Int>>
    private static let bucketCount = 96
    private let faultCounters: [PluginFault: Counter]

    init(plugin: String) {
        buckets = .allocate(capacity: Self.bucketCount)
        for i in 0..<Self.bucketCount { (buckets + i).initialize(to: Atomic(0)) }
        faultCounters = Dictionary(
            uniqueKeysWithValues: PluginFault.allCases.map {
                ($0, Counter(label: MetricName.pluginFaults, dimensions: [("plugin", plugin), ("kind", $0.rawValue)]))
            })
    }

    deinit {
        buckets.deinitialize(count: Self.bucketCount)
        buckets.deallocate()
    }

    /// A call of a nonblocking plugin that takes longer holds everybody up: it is counted.
    static let longestNanoseconds: UInt64 = 200_000

    func called(nanoseconds: UInt64, countsSlow: Bool) {
        calls.add(1, ordering: .relaxed)
        buckets[Self.bucket(nanoseconds)].add(1, ordering: .relaxed)
        if countsSlow, nanoseconds > Self.longestNanoseconds {
            slow.add(1, ordering: .relaxed)
            faultCounters[.slow]?.increment()
        }
    }

    func fault(_ fault: PluginFault) {
        faults.add(1, ordering: .relaxed)
        faultCounters[fault]?.increment()
    }

    func began() { running.add(1, ordering: .relaxed) }
    func ended() { running.subtract(1, ordering: .relaxed) }

    func snapshot() -> (calls: Int, slow: Int, faults: Int, running: Int, p50: Duration, p99: Duration) {
        let counts = (0..<Self.bucketCount).map { buckets[$0].load(ordering: .relaxed) }
        let total = counts.reduce(0, +)
        func quantile(_ q: Double) -> Duration {
            var left = Int((Double(total) * q).rounded(.up))
            guard total > 0 else { return .zero }
            for (i, count) in counts.enumerated() {
                left -= count
                if left <= 0 { return .nanoseconds(Self.upperBound(i)) }
            }
            return .nanoseconds(Self.upperBound(Self.bucketCount - 1))
        }
        return (
            calls.load(ordering: .relaxed), slow.load(ordering: .relaxed), faults.load(ordering: .relaxed),
            running.load(ordering: .relaxed),
            quantile(0.5), quantile(0.99)
        )
    }

    /// 128 ns and below is bucket 0; then by the two bits after the highest.
    private static func bucket(_ nanoseconds: UInt64) -> Int {
        guard nanoseconds > 128 else { return 0 }
        let octave = 63 - nanoseconds.leadingZeroBitCount
        let quarter = Int(nanoseconds >> UInt64(octave - 2)) & 3
        return min((octave - 7) * 4 + quarter + 1, bucketCount - 1)
    }

    private static func upperBound(_ bucket: Int) -> Int64 {
        if bucket == 0 { return 128 }
        let octave = (bucket - 1) / 4 + 7
        return (Int64(1) << Int64(octave)) + Int64((bucket - 1) % 4 + 1) << Int64(octave - 2)
    }
}
