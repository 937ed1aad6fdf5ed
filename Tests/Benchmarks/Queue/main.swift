import Foundation
import Mail
import Store

// Fills a data folder with queued messages, as a gateway would leave them whose next hop has been away for hours.
// Arguments: folder, count, bytes of a message, seconds over which the next attempts are spread (the first hundredth is due now).

struct SystemClock: WallClock {
    var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let count = Int(arguments[2]), let size = Int(arguments[3]), let spread = Int(arguments[4]) else {
    print("usage: QueueBenchmark FOLDER COUNT BYTES SECONDS")
    exit(2)
}
try FileManager.default.createDirectory(atPath: arguments[1], withIntermediateDirectories: true)
let store = try SQLiteStore(folder: arguments[1], clock: SystemClock())
let head = Array("Received: from client.example by mx.gateway.example; Sun, 22 Nov 2026 00:00:00 +0000\r\nSubject: backlog\r\n\r\n".utf8)
let region = Region(copying: head + [UInt8](repeating: 65, count: max(0, size - head.count - 2)) + [13, 10])
let start = SystemClock().now
let slots = DispatchSemaphore(value: 400)
// A day's mail: queue IDs are times.
let step = Int64(86_400_000_000) / Int64(max(1, count))

for number in 0..<count {
    slots.wait()
    let received = Timestamp(microseconds: start.microseconds - Int64(count - number) * step)
    let due = number < count / 100 ? start : start + .milliseconds(Int64.random(in: 1...Int64(max(1, spread))) * 1000)
    let message = StoredMessage(
        queueID: .first(at: received), receivedAt: received,
        reversePath: .address(EmailAddress(localPart: "sender", domain: "example.net")), is8BitMIME: false, isSMTPUTF8: false,
        sessionJSON: #"{"client":"192.0.2.1","helo":"client.example.net"}"#, region: region, size: region.count,
        recipients: [
            StoredRecipient(
                index: 0, address: EmailAddress(localPart: "user\(number)", domain: "backlog.test"), policyDomain: "backlog.test",
                state: .queued, addedHeaders: "X-Postern-Score: 1.0\r\n", nextAttempt: due)
        ])
    store.accept(message) { result in
        if case .failure(let failure) = result { fatalError(failure.text) }
        slots.signal()
    }
}
for _ in 0..<400 { slots.wait() }
for _ in 0..<400 { slots.signal() }
store.close()
print("\(count) messages of \(size) bytes in \(Int(Double(SystemClock().now.microseconds - start.microseconds) / 1e6)) s")
