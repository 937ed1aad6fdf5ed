import Dispatch
import Mail
import Synchronization

/// Runs checks of passwords off the event loops: so many at a time, so much memory together, so many waiting; what is more is turned away, so
/// that guessing cannot take the machine. First come, first served.
final class CheckingPool: Sendable {
    struct Bounds: Sendable {
        /// At the same time: half of the cores, one at least.
        var concurrency: Int
        /// KiB of all checks under way: what the most costly one may have.
        var memory = Argon2Hash.Cost.mostMemory
        var waiting = 64
    }

    private struct Job {
        let memory: Int
        let work: @Sendable () -> Void
    }

    private struct State {
        var running = 0
        var memory = 0
        var waiting: [Job] = []
    }

    private let bounds: Bounds
    private let queue = DispatchQueue(label: "postern.accounts", attributes: .concurrent)
    private let state = Mutex(State())

    init(_ bounds: Bounds) { self.bounds = bounds }

    /// False when too many wait: then `work` never runs. `memory` in KiB, at most that of the bounds. Any thread.
    func submit(memory: Int, _ work: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard memory <= bounds.memory, state.waiting.count < bounds.waiting else { return false }
            state.waiting.append(Job(memory: memory, work: work))
            return true
        }
        if isTaken { startWhatFits() }
        return isTaken
    }

    private func startWhatFits() {
        while true {
            let next: Job? = state.withLock { state in
                guard let first = state.waiting.first, state.running < bounds.concurrency, state.memory + first.memory <= bounds.memory
                else {
                    return nil
                }
                state.running += 1
                state.memory += first.memory
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            queue.async { [self] in
                next.work()
                state.withLock { state in
                    state.running -= 1
                    state.memory -= next.memory
                }
                startWhatFits()
            }
        }
    }
}
