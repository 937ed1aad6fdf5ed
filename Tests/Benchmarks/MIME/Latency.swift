import Extract
import Glibc
import Mail

/// One message again and again, by the clock on the wall.
enum Latency {
    static func run(count: Int, file: String) {
        let message = MessageFile(file)
        measure(count, message.bytes.count) { _ = MessageReading(message.bytes) }
    }

    static func runWhole(count: Int, file: String) {
        let message = MessageFile(file)
        let region = Region(adopting: message.bytes) {}
        let extractor = MessageExtractor()
        measure(count, message.bytes.count) { _ = try! extractor.content(of: region, needs: [.parts, .text, .urls], spool: nil) }
    }

    private static func measure(_ count: Int, _ size: Int, _ work: () -> Void) {
        for _ in 0..<count / 10 { work() }
        var times: [Double] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            let start = clock(CLOCK_MONOTONIC)
            work()
            times.append(Double(clock(CLOCK_MONOTONIC) - start) / 1e3)
        }
        times.sort()
        print(
            #"{"bytes": \#(size), "p50": \#(times[count / 2]), "p99": \#(times[count * 99 / 100]), "max": \#(times[count - 1])}"#)
    }
}
