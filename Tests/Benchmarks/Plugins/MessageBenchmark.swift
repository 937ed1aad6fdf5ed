import Foundation
import Mail
import PluginLoader

/// What a message's size costs, and whose pages a worker reads.
struct MessageBenchmark {
    private let bench: PluginBench
    private let count: Int

    init(_ bench: PluginBench, count: Int) {
        self.bench = bench
        self.count = max(20, count / 50)
    }

    func run() throws {
        let sizes = [1 << 10, 64 << 10, 256 << 10, 10 << 20]
        report(
            "| a message to the worker | p50 us | p99 us | max us | a second | CPU us: gateway | worker | pages mapped a call |\n|---|---|---|---|---|---|---|---|"
        )
        for touch in [false, true] {
            let instance = try bench.instance(of: "nothing", in: .worker, #"{"touch": \#(touch)}"#)
            let pids = bench.worker(of: "nothing").map { [$0] } ?? []
            // The last one lies in memory, as none of this size does in the gateway: it is copied for the worker, once for all its filters.
            for (size, isCopied) in sizes.map({ ($0, false) }) + [(10 << 20, true)] {
                let region = isCopied ? Region(copying: [UInt8](repeating: 120, count: size)) : try bench.message(size)
                let call = bench.call(region)
                func measure(_ count: Int) -> Measurement {
                    Measurement([Load([[instance]], [call], on: bench.loops[0], count: count, underWay: 1)], workers: pids)
                }
                _ = measure(count / 10 + 1)
                let result = measure(count)
                let place = isCopied ? " of memory" : region.file == nil ? "" : ", a file of the spool"
                let what = "\(size >> 10) KiB\(place)\(touch ? ", each page read" : "")"
                report("| \(what) | \(result.row) | \(Measurement.number(Double(result.workerFaults) / Double(count))) |")
            }
        }
        try prove()
    }

    /// While a worker holds a message of 10 MB: which file it has mapped, and whether any page of it is a copy.
    private func prove() throws {
        let instance = try bench.instance(of: "nothing", in: .worker, #"{"hold": 1500, "touch": true}"#)
        guard let pid = bench.worker(of: "nothing") else { return }
        let region = try bench.message(10 << 20)
        let descriptor = region.file!.openReadOnly()!
        var status = stat()
        fstat(descriptor, &status)
        close(descriptor)
        let before = ProcessUse.memory(pid)["Anonymous"] ?? 0
        let load = Load([[instance]], [bench.call(region)], on: bench.loops[0], count: 1, underWay: 1)
        load.start()
        var found: (line: String, kib: [String: Int])?
        for _ in 0..<100 where found == nil || found!.kib["Rss"] == 0 {
            usleep(10_000)
            found = ProcessUse.mapping(pid, inode: UInt(status.st_ino))
        }
        let after = ProcessUse.memory(pid)["Anonymous"] ?? 0
        load.wait()
        guard let found else { return report("\nthe worker has not mapped the spool's file, inode \(status.st_ino)") }
        report("\nthe spool's file of 10 MiB has inode \(status.st_ino); while the worker has it: \(found.line)")
        report(
            "of it are mapped: \(found.kib["Rss"] ?? 0) KiB, of them anonymous, so copied: \(found.kib["Anonymous"] ?? 0) KiB; "
                + "all anonymous memory of the worker grew by \(after - before) KiB")
    }
}
