import Foundation
import Mail
import PluginLoader
import Synchronization

/// Messages that go through filters, some at a time: each through all steps of a pipeline, the filters of one step together.
final class Load: @unchecked Sendable {
    // Sendable: bound to the loop from `start` on; results are read when `ended` has been signalled.
    private let steps: [[any FilterInstance]]
    private let calls: [FilterCall]
    private let loop: any SerialLoop
    private let count: Int
    private let underWay: Int
    private let ended = DispatchSemaphore(value: 0)
    private var started = 0
    private var finished = 0
    private var isFilling = false
    private(set) var times: [UInt64] = []
    private(set) var failures: [String] = []
    /// Verdicts with symbols.
    private(set) var found = 0

    /// `calls` are taken in turn.
    init(_ steps: [[any FilterInstance]], _ calls: [FilterCall], on loop: any SerialLoop, count: Int, underWay: Int) {
        self.steps = steps
        self.calls = calls
        self.loop = loop
        self.count = count
        self.underWay = underWay
        times.reserveCapacity(count)
    }

    func start() { loop.execute { [self] in fill() } }
    func wait() { ended.wait() }

    private func fill() {
        // A verdict may come before `start` returns.
        if isFilling { return }
        isFilling = true
        while started - finished < underWay, started < count {
            started += 1
            let call = calls[started % calls.count]
            enter(0, call, began: MonotonicClock.nanoseconds)
        }
        isFilling = false
        if finished == count { ended.signal() }
    }

    private func enter(_ step: Int, _ call: FilterCall, began: UInt64) {
        var (at, left) = (step, 0)
        // Steps that are over at once need no deeper stack.
        while at < steps.count {
            let current = Step(steps[at].count)
            let next = at + 1
            for instance in steps[at] {
                _ = instance.start(call, on: loop) { [self] event in
                    guard case .finished(let verdict) = event else { return }
                    if verdict.result != .done, failures.count < 10 { failures.append("\(verdict.result): \(verdict.detail)") }
                    if !verdict.symbols.isEmpty { found += 1 }
                    current.open -= 1
                    if current.open == 0, current.isLeft { enter(next, call, began: began) }
                }
            }
            left = current.open
            current.isLeft = true
            if left > 0 { return }
            at = next
        }
        times.append(MonotonicClock.nanoseconds - began)
        finished += 1
        fill()
    }

    private final class Step: @unchecked Sendable {
        // Sendable: bound to the loop.
        var open: Int
        var isLeft = false
        init(_ open: Int) { self.open = open }
    }
}
