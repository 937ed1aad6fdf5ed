import Mail

/// What a session or a message waits for in the gateway: a filter's run, or one of the gateway's own questions.
public struct InFlightWait: Sendable {
    public var session: UInt64
    public var client: IPAddress
    public var queueID: QueueID?
    public var phase: Phase
    /// The slot's name; empty: the gateway itself.
    public var filter: String
    /// `dns A 2.0.0.127.list.example 1.2s`: what exactly, as far as it is known.
    public var detail: [String]
    public var age: Duration
    /// The session goes on meanwhile.
    public var isDetached = false

    init(_ facts: SessionFacts, _ queueID: QueueID?, _ phase: Phase, filter: String = "", _ detail: [String], age: Duration) {
        session = facts.id
        client = facts.client
        self.queueID = queueID
        self.phase = phase
        self.filter = filter
        self.detail = detail
        self.age = age
    }

    /// A step of the gateway's own.
    struct Step: Sendable {
        let name: String
        let phase: Phase
        /// The loop's uptime.
        let began: Duration
    }

    init?(_ step: Step?, _ facts: SessionFacts, _ queueID: QueueID?, now: Duration) {
        guard let step else { return nil }
        self.init(facts, queueID, step.phase, [step.name], age: now - step.began)
    }
}

extension RunGroup {
    /// Those of its runs that have no verdict yet.
    func waits(_ facts: SessionFacts, _ queueID: QueueID?, now: Duration) -> [InFlightWait] {
        underWay.map { slot, run in
            var wait = InFlightWait(facts, queueID, run.phase, filter: slot, run.waits, age: now - run.began)
            wait.isDetached = run.joinBefore != nil
            return wait
        }
    }
}
