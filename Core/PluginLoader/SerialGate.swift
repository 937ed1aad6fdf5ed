import Mail
import Synchronization

/// Lets one call at a time into an instance of a `serial` plugin, or of one session into an instance of a `per-session` one, whatever loops they come from. Nobody waits with a lock held: who comes
/// second is called back on its own loop. Any thread.
final class SerialGate: Sendable {
    private struct State {
        var isBusy = false
        var waiting: [(any SerialLoop, @Sendable () -> Void)] = []
    }

    private let state = Mutex(State())

    /// Runs `work` now, on the caller's loop, or later on it. In the order of the calls.
    func enter(on loop: any SerialLoop, _ work: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            if state.isBusy {
                state.waiting.append((loop, work))
                return false
            }
            state.isBusy = true
            return true
        }
        if isFree { work() }
    }

    /// Ends the turn.
    func leave() {
        let next = state.withLock { state -> (any SerialLoop, @Sendable () -> Void)? in
            if state.waiting.isEmpty {
                state.isBusy = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        if let (loop, work) = next { loop.execute(work) }
    }
}
