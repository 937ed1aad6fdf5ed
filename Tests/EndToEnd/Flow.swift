import Foundation

/// Mail that is sent beside what a test does, from several clients at once.
final class Flow: @unchecked Sendable {
    // Sendable: what changes has its lock.
    private let lock = NSLock()
    private var lines: [String] = []
    private var sending = 0
    private var isEnough = false

    /// `each` messages from each of so many clients; nil: until `finish`.
    init(_ gateway: GatewayUnderTest, clients: Int = 4, each: Int?, to: String = "b@example.com") {
        sending = clients
        for _ in 0..<clients {
            Thread { [self] in
                repeat {
                    let more = (try? gateway.send(count: each ?? 5, to: [to])) ?? ["error"]
                    lock.withLock { lines += more }
                } while each == nil && !lock.withLock { isEnough }
                lock.withLock { sending -= 1 }
            }.start()
        }
    }

    var replies: [String] { lock.withLock { lines } }
    var isOver: Bool { lock.withLock { sending == 0 } }

    /// Every reply, once all is sent.
    func finish() -> [String] {
        lock.withLock { isEnough = true }
        _ = Tool.wait(300) { isOver }
        return replies
    }
}
