import Mail
import Synchronization

/// What all requests under way hold together. Any thread.
final class FetchBudget: Sendable {
    private struct Held {
        var fetches = 0
        var bytes = 0
        var isClosed = false
    }

    private let limits: FetchLimits
    private let held = Mutex(Held())

    init(_ limits: FetchLimits) { self.limits = limits }

    /// Why not; nil: it is counted, and must be given back.
    func take(_ request: HTTPRequest) -> String? {
        held.withLock { held in
            if held.isClosed { return "the gateway is stopping" }
            if held.fetches >= limits.fetches || held.bytes + request.bytes > limits.bytes {
                return "\(held.fetches) requests are under way already"
            }
            held.fetches += 1
            held.bytes += request.bytes
            return nil
        }
    }

    func giveBack(_ request: HTTPRequest) {
        held.withLock {
            $0.fetches -= 1
            $0.bytes -= request.bytes
        }
    }

    func close() { held.withLock { $0.isClosed = true } }

    var fetches: Int { held.withLock { $0.fetches } }
}
