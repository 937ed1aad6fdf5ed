import Foundation
import Mail
import Store
import Synchronization

// Accepts and final changes of 4 KiB messages on the real store: messages a second, CPU, entries per sync. Arguments: count, under way.

struct SystemClock: WallClock {
    var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 50_000
let underWay = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 40
let folder = NSTemporaryDirectory() + "/postern-bench-\(getpid())"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
let store = try SQLiteStore(folder: folder, clock: SystemClock())
let region = Region(copying: [UInt8](repeating: 65, count: 4096))

func message(_ number: Int) -> StoredMessage {
    StoredMessage(
        queueID: QueueID(rawValue: Int64(number) << 12), receivedAt: SystemClock().now,
        reversePath: .address(EmailAddress(localPart: "sender", domain: "example.net")), is8BitMIME: false, isSMTPUTF8: false,
        sessionJSON: #"{"client":"192.0.2.1","helo":"client.example.net"}"#, region: region, size: 4096,
        recipients: [
            StoredRecipient(
                index: 0, address: EmailAddress(localPart: "user", domain: "example.com"), policyDomain: "example.com", state: .queued,
                addedHeaders: "X-Postern-Score: 1.0\r\n", nextAttempt: SystemClock().now)
        ])
}

func cpu() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func measure(_ name: String, _ work: (Int, @escaping @Sendable (Result<Void, StoreFailure>) -> Void) -> Void) {
    let slots = DispatchSemaphore(value: underWay)
    let failures = Atomic<Int>(0)
    let (start, startCPU, before) = (Date(), cpu(), store.commits)
    for i in 1...count {
        slots.wait()
        work(i) { result in
            if case .failure = result { failures.add(1, ordering: .relaxed) }
            slots.signal()
        }
    }
    for _ in 0..<underWay { slots.wait() }
    for _ in 0..<underWay { slots.signal() }
    let (seconds, spent, after) = (Date().timeIntervalSince(start), cpu() - startCPU, store.commits)
    let perSync = Double(after.entries - before.entries) / Double(max(1, after.count - before.count))
    print(
        "\(name): \(Int(Double(count) / seconds))/s, \(Int(spent / Double(count) * 1e6)) us CPU each, \(Int(perSync * 10) / 10) per sync,",
        "\(failures.load(ordering: .relaxed)) failed")
}

measure("accept") { i, done in store.accept(message(i), completion: done) }
measure("change") { i, done in
    store.change(
        [
            RecipientChange(
                queueID: QueueID(rawValue: Int64(i) << 12), index: 0, state: .delivered, attempts: 1, nextAttempt: Timestamp(seconds: 1),
                reason: "250 2.0.0 ok")
        ], completion: done)
}
store.close()
