import Foundation

/// What scanning some files came to, for `filters.py`.
struct ScanFigures {
    var perSecond: Double
    // Nanoseconds.
    var p50: UInt64
    var p99: UInt64
    /// CPU of who asks, a file.
    var own: UInt64
    /// CPU of who scans.
    var scanner: UInt64
    var found: Int

    /// One line: files a second, p50 and p99 ms, CPU ms of who asks and of who scans, files with findings.
    func write() {
        let milliseconds = [p50, p99, own, scanner].map { String(format: "%.2f", Double($0) / 1e6) }
        print("\(Int(perSecond)) \(milliseconds.joined(separator: " ")) \(found)")
    }
}
