import Mail
import Synchronization

/// What everything in the gateway waits for at one moment.
public struct InFlightSurvey: Sendable {
    /// Sessions, and stored messages that are judged again.
    public var inspections = 0
    /// Of these, on loops that gave no answer in time: something blocks them.
    public var silent = 0
    /// The longest first; those past `most` are only counted.
    public var waits: [InFlightWait] = []
    public var total = 0

    public static let most = 1000
}

extension Inspector {
    /// Asks each loop once for all that is on it. `then` comes once, on any thread, at the latest after `patience`. Any thread.
    public func survey(patience: Duration, then: @escaping @Sendable (InFlightSurvey) -> Void) {
        let byLoop = Dictionary(grouping: active.all) { ObjectIdentifier($0.loop) }
        let collection = SurveyCollection(byLoop.mapValues(\.count), then)
        if byLoop.isEmpty { return collection.finish() }
        for (loop, inspections) in byLoop {
            inspections[0].loop.execute { collection.take(inspections.flatMap(\.waits), of: loop) }
        }
        Task {
            try? await Task.sleep(for: patience)
            collection.finish()
        }
    }
}

/// The loops' answers, until all are there or the time is over. Any thread.
private final class SurveyCollection: Sendable {
    private struct State {
        var open: [ObjectIdentifier: Int]
        var survey: InFlightSurvey
        var then: (@Sendable (InFlightSurvey) -> Void)?
    }

    private let state: Mutex<State>

    init(_ loops: [ObjectIdentifier: Int], _ then: @escaping @Sendable (InFlightSurvey) -> Void) {
        var survey = InFlightSurvey()
        survey.inspections = loops.values.reduce(0, +)
        state = Mutex(State(open: loops, survey: survey, then: then))
    }

    func take(_ waits: [InFlightWait], of loop: ObjectIdentifier) {
        let isComplete = state.withLock { state in
            guard state.open.removeValue(forKey: loop) != nil else { return false }
            state.survey.waits += waits
            return state.open.isEmpty
        }
        if isComplete { finish() }
    }

    func finish() {
        let (survey, then) = state.withLock { state in
            defer { state.then = nil }
            state.survey.silent = state.open.values.reduce(0, +)
            return (state.survey, state.then)
        }
        guard let then else { return }
        var answer = survey
        answer.total = survey.waits.count
        answer.waits = Array(survey.waits.sorted { $0.age > $1.age }.prefix(InFlightSurvey.most))
        then(answer)
    }
}
