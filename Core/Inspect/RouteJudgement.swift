import Mail

/// Asks the filters of the phase `route` about a destination, and remembers what they say for as long as it holds. Equal questions that come
/// meanwhile wait for the one answer.
final class RouteJudgement: @unchecked Sendable {
    // Sendable: bound to `loop`.
    typealias Completion = @Sendable (RouteAnswer) -> Void

    private struct Known {
        var answer: RouteAnswer
        /// By the loop's uptime.
        var until: Duration
    }

    /// Answers that are remembered; with more, all are asked anew.
    static let most = 10_000

    private let runs: WayRuns
    private var loop: any SerialLoop { runs.loop }
    private var known: [RouteQuestion: Known] = [:]
    /// That the answers are from.
    private weak var plan: FilterPlan?
    private var asking: [RouteQuestion: [Completion]] = [:]

    init(_ runs: WayRuns) { self.runs = runs }

    /// Any thread. `slots`: of the question's domain, never empty.
    func ask(_ question: RouteQuestion, _ slots: [PlannedSlot], _ plan: FilterPlan, then: @escaping Completion) {
        loop.execute { [self] in
            if self.plan !== plan {
                self.plan = plan
                known = [:]
            }
            if let known = known[question], known.until > loop.uptime { return then(known.answer) }
            if asking[question] != nil { return asking[question]!.append(then) }
            asking[question] = [then]
            runs.run(question, slots, plan) { [self] in answer(question, $0, plan) }
        }
    }

    private func answer(_ question: RouteQuestion, _ verdicts: [Verdict], _ plan: FilterPlan) {
        let answer = WayRuns.merge(verdicts)
        if case .go(let requirements) = answer, self.plan === plan {
            let duration = requirements.map(\.duration).min() ?? RouteRequirement.shortest
            if known.count >= Self.most { known = [:] }
            known[question] = Known(answer: answer, until: loop.uptime + duration)
        } else {
            known[question] = nil
        }
        for completion in asking.removeValue(forKey: question) ?? [] { completion(answer) }
    }
}
