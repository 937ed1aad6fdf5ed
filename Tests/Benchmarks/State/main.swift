import Foundation
import Mail
import Store
import Synchronization

// What filters remember, on the real file. Arguments: count, under way: operations a second, CPU, time of one.
// For tests of crashes: `endless FOLDER FIRST` writes entries with numbers from FIRST on until it is killed, and prints the number of each that is
// durable; `list FOLDER` prints the numbers of all that are there, then what the counter that was moved with each has come to.

struct SystemClock: WallClock {
    var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}

let space = StateSpace(plugin: "bench", domain: "example.com")
let counter = Array("counter".utf8)
let arguments = CommandLine.arguments.dropFirst()

func ask(_ state: SQLiteFilterState, _ key: [UInt8], _ action: StateRequest.Action) -> StateAnswer {
    let done = DispatchSemaphore(value: 0)
    let answer = Mutex(StateAnswer(.failed))
    state.perform(StateRequest(key: key, action), in: space) { given in
        answer.withLock { $0 = given }
        done.signal()
    }
    done.wait()
    return answer.withLock { $0 }
}

if arguments.first == "endless" {
    let state = try SQLiteFilterState(folder: arguments[2], clock: SystemClock())
    let slots = DispatchSemaphore(value: 16)
    for number in Int(arguments[3])!... {
        slots.wait()
        let key = Array("k\(number)".utf8)
        // Some fit no page.
        let value = number % 50 == 0 ? [UInt8](repeating: 7, count: 30_000) : key
        state.perform(StateRequest(key: key, .put(value: value, kept: .seconds(3600), .always)), in: space) { answer in
            if answer.status == .done { print(number) }
            fflush(nil)
            slots.signal()
        }
        state.perform(StateRequest(key: counter, .count(amount: 1, window: .seconds(3600))), in: space) { _ in }
    }
}

if arguments.first == "list" {
    let state = try SQLiteFilterState(folder: arguments[2], clock: SystemClock())
    var after: [UInt8] = []
    while true {
        let page = ask(state, [UInt8(ascii: "k")], .scan(after: after, limit: 256, keysOnly: true))
        for entry in page.entries { print(String(decoding: entry.key.dropFirst(), as: UTF8.self)) }
        guard page.hasMore, let last = page.entries.last else { break }
        after = last.key
    }
    print("counter \(ask(state, counter, .count(amount: 0, window: .seconds(3600))).sum)")
    state.close()
    exit(0)
}

let count = arguments.first.flatMap { Int($0) } ?? 100_000
let underWay = arguments.dropFirst().first.flatMap { Int($0) } ?? 64
let folder = NSTemporaryDirectory() + "/postern-bench-\(getpid())"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
let state = try SQLiteFilterState(folder: folder, clock: SystemClock())

func cpu() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func measure(_ name: String, _ request: (Int) -> StateRequest) {
    let slots = DispatchSemaphore(value: underWay)
    let failures = Atomic<Int>(0)
    let times = Mutex<[UInt64]>([])
    let (start, startCPU, before) = (Date(), cpu(), state.commits)
    for i in 1...count {
        slots.wait()
        let began = DispatchTime.now().uptimeNanoseconds
        state.perform(request(i), in: space) { answer in
            if answer.status == .failed || answer.status == .quota { failures.add(1, ordering: .relaxed) }
            times.withLock { $0.append(DispatchTime.now().uptimeNanoseconds - began) }
            slots.signal()
        }
    }
    for _ in 0..<underWay { slots.wait() }
    for _ in 0..<underWay { slots.signal() }
    let (seconds, spent) = (Date().timeIntervalSince(start), cpu() - startCPU)
    let sorted = times.withLock { $0.sorted() }
    print(
        "\(name): \(Int(Double(count) / seconds))/s, \((spent / Double(count) * 1e7).rounded() / 10) us CPU each,",
        "\(sorted[count / 2] / 1000) us at p50, \(sorted[count * 99 / 100] / 1000) us at p99, \(count / max(1, state.commits - before)) a sync,",
        "\(failures.load(ordering: .relaxed)) failed")
}

/// As a greylist has it: 90 bytes of key, 16 of value.
func key(_ i: Int) -> [UInt8] { Array("192.0.2.\(i % 256)/sender\(i % 100_000)@some.example.net/recipient\(i % 997)@example.com".utf8) }
let value = [UInt8](repeating: 7, count: 16)

measure("put new") { StateRequest(key: key($0), .put(value: value, kept: .seconds(86400), .always)) }
measure("get") { StateRequest(key: key($0 &* 7919 % count), .get) }
measure("put old") { StateRequest(key: key($0 &* 7919 % count), .put(value: value, kept: .seconds(86400), .always)) }
measure("count, 1000 counters") { StateRequest(key: Array("c\($0 % 1000)".utf8), .count(amount: 1, window: .seconds(3600))) }
measure("scan of 10") { StateRequest(key: Array("192.0.2.\($0 % 256)/".utf8), .scan(after: [], limit: 10, keysOnly: false)) }
state.close()
