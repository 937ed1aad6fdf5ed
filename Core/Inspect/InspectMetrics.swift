import Mail
import Metrics
import Synchronization

/// What inspections count. Series are looked up once and kept, since a message touches a dozen of them. Any thread.
final class InspectMetrics: Sendable {
    private let dispositions: [Disposition: Counter]
    private let refusals: [Phase: Counter]
    private let bytes = Counter(label: MetricName.messageBytes)
    private let unknown = Counter(label: MetricName.unknownRecipients)
    private let harvests = Counter(label: MetricName.harvests)
    private let logins: [String: Counter]
    private let callouts: [String: Counter]
    private let outcomes: [OutcomeRecord.Kind: Counter]
    private let outcomesDropped = Counter(label: MetricName.outcomesDropped)
    private let filters = Mutex<[String: FilterSeries]>([:])

    private struct FilterSeries {
        let runs: [FilterResult: Counter]
        let seconds: Timer
    }

    init() {
        dispositions = Dictionary(
            uniqueKeysWithValues: Disposition.allCases.map {
                ($0, Counter(label: MetricName.messages, dimensions: [("disposition", $0.rawValue)]))
            })
        outcomes = Dictionary(
            uniqueKeysWithValues: OutcomeRecord.Kind.allCases.map {
                ($0, Counter(label: MetricName.outcomes, dimensions: [("kind", $0.word)]))
            })
        func series(_ label: String, _ results: String...) -> [String: Counter] {
            Dictionary(uniqueKeysWithValues: results.map { ($0, Counter(label: label, dimensions: [("result", $0)])) })
        }
        logins = series(MetricName.logins, "accepted", "rejected", "unavailable")
        callouts = series(MetricName.callouts, "exists", "unknown", "undetermined")
        refusals = Dictionary(
            uniqueKeysWithValues: Phase.allCases.map { ($0, Counter(label: MetricName.refusals, dimensions: [("at", $0.description)])) })
    }

    func decided(_ disposition: Disposition) { dispositions[disposition]?.increment() }

    func refused(at phase: Phase) { refusals[phase]?.increment() }

    func unknownRecipient() { unknown.increment() }

    func harvested() { harvests.increment() }

    func login(_ result: AuthenticationResult) {
        switch result {
        case .accepted: logins["accepted"]?.increment()
        case .rejected: logins["rejected"]?.increment()
        case .unavailable: logins["unavailable"]?.increment()
        }
    }

    func calledOut(_ existence: RecipientExistence) {
        switch existence {
        case .exists: callouts["exists"]?.increment()
        case .unknown: callouts["unknown"]?.increment()
        case .undetermined: callouts["undetermined"]?.increment()
        }
    }

    func outcome(_ kind: OutcomeRecord.Kind) { outcomes[kind]?.increment() }

    func outcomeDropped() { outcomesDropped.increment() }

    func accepted(bytes count: Int) { bytes.increment(by: Int64(count)) }

    func ran(_ verdict: Verdict) {
        let series = filters.withLock { filters in
            if let known = filters[verdict.filter] { return known }
            let made = FilterSeries(
                runs: Dictionary(
                    uniqueKeysWithValues: FilterResult.allCases.map {
                        ($0, Counter(label: MetricName.filterRuns, dimensions: [("filter", verdict.filter), ("result", $0.rawValue)]))
                    }), seconds: Timer(label: MetricName.filterSeconds, dimensions: [("filter", verdict.filter)]))
            filters[verdict.filter] = made
            return made
        }
        series.runs[verdict.result]?.increment()
        series.seconds.recordMicroseconds(verdict.elapsed.microseconds)
    }
}
