import Mail

/// Asks the filters of the phase `peer` about a server. Nothing is remembered: the connection knows what it was told.
struct PeerJudgement: Sendable {
    let runs: WayRuns

    /// Any thread. `slots`: of the question's domain, never empty.
    func ask(
        _ question: RouteQuestion, _ peer: PeerFacts, _ slots: [PlannedSlot], _ plan: FilterPlan,
        then: @escaping @Sendable (PeerAnswer) -> Void
    ) {
        runs.loop.execute {
            runs.run(question, peer: peer, slots, plan) { verdicts in
                switch WayRuns.merge(verdicts) {
                case .go: then(.go(policy: plan.number))
                case .wait(let why): then(.avoid(why))
                case .refuse(let why): then(.refuse(why))
                }
            }
        }
    }
}
