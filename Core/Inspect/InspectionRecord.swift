import Mail

/// Everything that one inspection found and decided: what the log, the receipt and `postern scan` are made of.
public struct InspectionRecord: Sendable {
    public let message: ReceivedMessage
    /// Which policy judged it; the same for every filter and recipient.
    public let plan: FilterPlan
    public let messageID: String
    /// In the order of the path.
    public let verdicts: [Verdict]
    /// One per recipient of the envelope.
    public let decisions: [Decision]
    /// Slot name -> home.
    public let homes: [String: String]
    public let elapsed: Duration
    /// What the peer was told; with LMTP the best of its replies.
    public var reply = Reply(.ok, "Ok")
    /// LMTP: what it was told of each recipient of the envelope; empty: `reply` of all.
    public var replies: [Reply] = []
    /// Why nothing was stored although it should have been.
    public var failure = ""

    init(
        message: ReceivedMessage, plan: FilterPlan, messageID: String, verdicts: [Verdict], decisions: [Decision], homes: [String: String],
        elapsed: Duration
    ) {
        self.message = message
        self.plan = plan
        self.messageID = messageID
        self.verdicts = verdicts
        self.decisions = decisions
        self.homes = homes
        self.elapsed = elapsed
    }

    /// `outcome`: of those who were not refused; `each`: LMTP's refusals.
    mutating func answer(_ outcome: Reply, _ each: [Reply?]) {
        replies = each.map { $0 ?? outcome }
        reply = replies.isEmpty || each.contains { $0 == nil } ? outcome : replies[0]
    }

    /// `index`: of a recipient.
    func reply(to index: Int) -> Reply { index < replies.count ? replies[index] : reply }

    /// The receipt: one JSON object. Who sent, which policy judged, what each filter returned, what became of each copy.
    public var json: String {
        var w = JSONWriter(capacity: 1024)
        w.beginObject()
        SessionRecord.fields(message.session, to: &w)
        w.field("reverse_path", message.envelope.reversePath.description)
        w.field("message_id", messageID)
        w.field("size", message.region.count)
        w.field("policy_generation", plan.snapshot.generation)
        w.field("microseconds", elapsed.microseconds)
        w.field("reply", reply.description)
        if !failure.isEmpty { w.field("failure", failure) }
        w.key("filters")
        writeFilters(to: &w)
        w.key("recipients")
        w.beginArray()
        for (index, (recipient, decision)) in zip(message.envelope.recipients, decisions).enumerated() {
            w.beginObject()
            w.field("address", recipient.address.description)
            w.field("domain", recipient.policyDomain)
            w.field("policy", plan.snapshot.domains[recipient.policyDomain]?.digest ?? "")
            w.field("disposition", decision.disposition.rawValue)
            w.field("score", decision.score)
            w.field("reason", decision.reason)
            if index < replies.count { w.field("reply", replies[index].description) }
            w.key("symbols")
            Self.write(decision.contributions, to: &w)
            w.endObject()
        }
        w.endArray()
        w.endObject()
        return w.text
    }

    public func writeFilters(to w: inout JSONWriter) { Self.write(verdicts, homes: homes, to: &w) }

    /// `[{name, phase, home?, result, microseconds, busy_microseconds, detail?, shadow?, found?}]`; `found`: what a shadow would have counted
    /// for, `HELLO(0.5)` by the manifest's weights and `reject` for each proposal, at most thirty.
    public static func write(_ verdicts: [Verdict], homes: [String: String], to w: inout JSONWriter) {
        w.beginArray()
        for verdict in verdicts {
            w.beginObject()
            w.field("name", verdict.filter)
            w.field("phase", verdict.phase.description)
            if let home = homes[verdict.filter] { w.field("home", home) }
            w.field("result", verdict.result.rawValue)
            w.field("microseconds", verdict.elapsed.microseconds)
            w.field("busy_microseconds", verdict.busy.microseconds)
            if !verdict.detail.isEmpty { w.field("detail", verdict.detail) }
            if verdict.isShadow {
                w.field("shadow", true)
                let found = verdict.shadowFindings
                if !found.isEmpty {
                    w.key("found")
                    w.beginArray()
                    for one in found { w.string(one) }
                    w.endArray()
                }
            }
            w.endObject()
        }
        w.endArray()
    }

    /// `[{name, score, filter, detail, part}]`, the part where it is one of several.
    public static func write(_ contributions: [Contribution], to w: inout JSONWriter) {
        w.beginArray()
        for contribution in contributions {
            w.beginObject()
            w.field("name", contribution.symbol)
            w.field("score", contribution.score)
            w.field("filter", contribution.filter)
            w.field("detail", contribution.detail)
            if !contribution.part.isEmpty { w.field("part", contribution.part) }
            w.endObject()
        }
        w.endArray()
    }
}
