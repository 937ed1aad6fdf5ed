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

    private let loop: any SerialLoop
    private let metrics: InspectMetrics
    private var known: [RouteQuestion: Known] = [:]
    /// That the answers are from.
    private weak var plan: FilterPlan?
    private var asking: [RouteQuestion: [Completion]] = [:]

    init(on loop: any SerialLoop, metrics: InspectMetrics) {
        self.loop = loop
        self.metrics = metrics
    }

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
            run(question, slots, plan)
        }
    }

    private func run(_ question: RouteQuestion, _ slots: [PlannedSlot], _ plan: FilterPlan) {
        let nobody = SessionFacts(
            id: 0, role: question.role, listener: "", client: IPAddress(v4: 0), clientPort: 0, connectedAt: Timestamp(microseconds: 0))
        var made = FilterCall(phase: .route, session: nobody, recipients: .none, domain: question.policyDomain, slotName: "")
        made.route = question
        let call = made
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        let group = RunGroup(on: loop)
        group.run([slots], phase: .route) { [loop] planned in
            var named = call
            named.slotName = planned.slot.name
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: { [self] in
            group.join(before: nil) { [self] in answer(question, group.verdicts, plan) }
        }
    }

    private func answer(_ question: RouteQuestion, _ verdicts: [Verdict], _ plan: FilterPlan) {
        for verdict in verdicts { metrics.ran(verdict) }
        let answer = Self.merge(verdicts)
        if case .go(let requirements) = answer, self.plan === plan {
            let duration = requirements.map(\.duration).min() ?? RouteRequirement.shortest
            if known.count >= Self.most { known = [:] }
            known[question] = Known(answer: answer, until: loop.uptime + duration)
        } else {
            known[question] = nil
        }
        for completion in asking.removeValue(forKey: question) ?? [] { completion(answer) }
    }

    /// Who defers, or cannot say; then who refuses; else all that is demanded.
    static func merge(_ verdicts: [Verdict]) -> RouteAnswer {
        var refusal: String?
        var requirements: [RouteRequirement] = []
        for verdict in verdicts where !verdict.isShadow {
            if let failure = verdict.onFailure {
                let why = "7.5 \(verdict.filter) ended in \(verdict.result.rawValue): \(verdict.detail)"
                switch failure {
                case .skip where !verdict.isRequired: break
                case .reject: refusal = refusal ?? "5." + why
                // What is on its way is not quarantined any more: it waits.
                case .skip, .quarantine, .defer: return .wait("4." + why)
                }
                continue
            }
            for proposal in verdict.proposals {
                switch proposal.action {
                case .defer(let reply): return .wait("\(reply.status.enhanced) \(reply.lines.joined(separator: " ")) (\(verdict.filter))")
                case .reject(let reply):
                    refusal = refusal ?? "\(reply.status.enhanced) \(reply.lines.joined(separator: " ")) (\(verdict.filter))"
                default: break
                }
            }
            requirements += verdict.requirements.map { requirement in
                var requirement = requirement
                if requirement.reason.isEmpty { requirement.reason = verdict.filter }
                return requirement
            }
        }
        return refusal.map { .refuse($0) } ?? .go(requirements)
    }
}
