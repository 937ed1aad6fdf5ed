import CPostern

/// Gathers the completions of one await. On the run's loop.
class CompletionSink: @unchecked Sendable {
    // Sendable: used on the run's loop only.
    private var missing: Int
    var continuation: UnsafeContinuation<Void, Never>?

    init(count: Int) { missing = count }

    func take(_ completion: postern_completion, _ index: Int) { finishOne() }
    func cancel(_ index: Int) { finishOne() }

    final func finishOne() {
        missing -= 1
        if missing == 0 { continuation?.resume() }
    }
}

/// The answers of one `resolve`.
final class AnswerSink: CompletionSink, @unchecked Sendable {
    private(set) var answers: [DNSAnswer]

    override init(count: Int) {
        answers = Array(repeating: DNSAnswer(.cancelled), count: count)
        super.init(count: count)
    }

    override func take(_ completion: postern_completion, _ index: Int) {
        answers[index] = DNSAnswer(completion)
        finishOne()
    }

    func timedOut(_ index: Int) {
        answers[index] = DNSAnswer(.timeout)
        finishOne()
    }

    func failed(_ status: DNSAnswer.Status, _ detail: String) -> [DNSAnswer] {
        answers.map { _ in DNSAnswer(status, detail: status == .failed ? detail : "") }
    }
}

/// The results of operations of another kind.
final class ResultSink<R>: CompletionSink, @unchecked Sendable {
    private(set) var results: [R?]
    private let read: (postern_completion) -> R

    init(count: Int, _ read: @escaping (postern_completion) -> R) {
        results = Array(repeating: nil, count: count)
        self.read = read
        super.init(count: count)
    }

    override func take(_ completion: postern_completion, _ index: Int) {
        results[index] = read(completion)
        finishOne()
    }
}

/// The timer beside a `resolve`: nobody awaits it.
final class TimeLimitSink: CompletionSink, @unchecked Sendable {
    private let isOver: () -> Void

    init(_ isOver: @escaping () -> Void) {
        self.isOver = isOver
        super.init(count: 1)
    }

    override func take(_ completion: postern_completion, _ index: Int) { isOver() }
    override func cancel(_ index: Int) {}
}
