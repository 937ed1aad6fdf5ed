import Mail

/// Runs filters over what is no session and no message: a way, or the server at its end.
struct WayRuns: Sendable {
    let loop: any SerialLoop
    let metrics: InspectMetrics

    /// On the loop. All of them at once: none can have anything of another. `peer`: for the phase `peer`.
    func run(
        _ question: RouteQuestion, peer: PeerFacts? = nil, _ slots: [PlannedSlot], _ plan: FilterPlan,
        then: @escaping @Sendable ([Verdict]) -> Void
    ) {
        let phase = peer == nil ? Phase.route : .peer
        let nobody = SessionFacts(
            id: 0, role: question.role, listener: "", client: IPAddress(v4: 0), clientPort: 0, connectedAt: Timestamp(microseconds: 0))
        var made = FilterCall(phase: phase, session: nobody, recipients: .none, domain: question.policyDomain, slotName: "")
        made.route = question
        made.peer = peer
        let call = made
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        let group = RunGroup(on: loop)
        group.run([slots], phase: phase) { [loop] planned in
            var named = call
            named.slotName = planned.slot.name
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: { [metrics] in
            group.join(before: nil) {
                for verdict in group.verdicts { metrics.ran(verdict) }
                then(group.verdicts)
            }
        }
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
