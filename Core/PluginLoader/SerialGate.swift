import Mail
import Synchronization

/// Lets one call at a time into an instance of a `serial` plugin, or of one session into an instance of a `per-session` one, whatever loops they
/// come from. Nobody waits with a lock held: who comes second is called back on its own loop. Sites take turns. Any thread.
final class SerialGate: Sendable {
    private struct State {
        var isBusy = false
        var waiting = FairQueue<CallOrigin.Sender, (any SerialLoop, @Sendable () -> Void)>(places: 1)
    }

    private let state = Mutex(State())

    /// Runs `work` now, on the caller's loop, or later on it. Those of one site in the order of the calls.
    func enter(on loop: any SerialLoop, for site: CallOrigin.Sender, _ work: @escaping @Sendable () -> Void) {
        let isFree = state.withLock { state in
            if state.isBusy {
                state.waiting.append((loop, work), of: site)
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
            guard let (site, next) = state.waiting.take() else {
                state.isBusy = false
                return nil
            }
            // The one place is `isBusy`.
            state.waiting.leave(site)
            return next
        }
        if let (loop, work) = next { loop.execute(work) }
    }
}
