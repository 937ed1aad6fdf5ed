import Synchronization
import WorkerLink

/// What goes to the gateway, from any thread. What finds the ring full waits here, in order, until the loop is woken.
final class Outgoing: Sendable {
    private let state: Mutex<State>
    private let bell: Doorbell

    private struct State: ~Copyable {
        var ring: RingProducer
        var waiting: [[UInt8]] = []
        var bytes = 0
    }

    /// A gateway that does not read so much any more has given us up.
    private static let most = 64 << 20

    init(_ ring: consuming sending RingProducer, bell: Doorbell) {
        state = Mutex(State(ring: ring))
        self.bell = bell
    }

    func send(_ message: WorkerMessage) {
        let record = message.record
        let mustWake = state.withLock { state in
            guard record.count <= state.ring.longest else { WorkerProcess.end(.brokenLink, "a record of \(record.count) bytes") }
            if state.waiting.isEmpty, let mustWake = Self.append(record, &state) { return mustWake }
            state.waiting.append(record)
            state.bytes += record.count
            if state.bytes > Self.most { WorkerProcess.end(.brokenLink, "the gateway does not read") }
            return true
        }
        if mustWake { bell.ring() }
    }

    /// What waits, as far as there is room. On the loop.
    func flush() {
        let mustWake = state.withLock { state in
            var mustWake = false
            var sent = 0
            while sent < state.waiting.count, let wakes = Self.append(state.waiting[sent], &state) {
                mustWake = mustWake || wakes
                state.bytes -= state.waiting[sent].count
                sent += 1
            }
            if sent > 0 { state.waiting.removeFirst(sent) }
            return mustWake
        }
        if mustWake { bell.ring() }
    }

    func ring() { bell.ring() }

    /// nil: no room.
    private static func append(_ record: [UInt8], _ state: inout State) -> Bool? {
        switch record.withUnsafeBytes({ state.ring.append($0) }) {
        case .written(let mustWake): return mustWake
        case .full: return nil
        case .broken: WorkerProcess.end(.brokenLink, "the ring to the gateway is damaged")
        }
    }
}
