import Inspect
import Mail

/// The line of `postern scan --json`: stable for other programs. The first recipient's judgement at the top; all of them under
/// `recipients` when there are several.
struct ScanReport {
    let json: String

    init(file: String, _ judgement: Judgement, domain: String?, first: EmailAddress) throws {
        var w = JSONWriter(capacity: 1024)
        w.beginObject()
        w.field("file", file)
        if let record = judgement.record, let decision = record.decisions.first {
            let recipients = record.message.envelope.recipients
            w.field("domain", recipients[0].policyDomain)
            Self.write(decision, to: &w)
            if recipients.count > 1 {
                w.key("recipients")
                w.beginArray()
                for (recipient, decision) in zip(recipients, record.decisions) {
                    w.beginObject()
                    w.field("address", recipient.address.description)
                    w.field("domain", recipient.policyDomain)
                    Self.write(decision, to: &w)
                    w.endObject()
                }
                w.endArray()
            }
            w.key("filters")
            record.writeFilters(to: &w)
            // Not taken apart yet where no filter needs it.
            let content = try record.message.content ?? WholeContent().content(of: record.message.region)
            ContentReport(content: content).writeSummary(to: &w)
        } else if let (phase, reply) = judgement.refusal {
            w.field("domain", domain ?? first.domain)
            w.field("disposition", (reply.isPermanent ? Disposition.reject : .defer).rawValue)
            w.field("refused_at", phase.description)
            w.field("reply", reply.description)
            w.key("symbols")
            InspectionRecord.write(
                judgement.verdicts.filter { !$0.isShadow }.flatMap { verdict in
                    verdict.symbols.map {
                        Contribution(symbol: $0.name, score: $0.defaultScore * $0.factor, filter: verdict.filter, detail: $0.detail)
                    }
                }, to: &w)
            w.key("filters")
            InspectionRecord.write(judgement.verdicts, homes: [:], to: &w)
        }
        w.endObject()
        json = w.text
    }

    private static func write(_ decision: Decision, to w: inout JSONWriter) {
        w.field("disposition", decision.disposition.rawValue)
        w.field("score", decision.score)
        w.field("reason", decision.reason)
        w.key("thresholds")
        w.beginObject()
        let thresholds = decision.thresholds
        let all: [(String, Double?)] = [
            ("tag", thresholds.tag), ("quarantine", thresholds.quarantine), ("defer", thresholds.defer), ("discard", thresholds.discard),
            ("reject", thresholds.reject),
        ]
        for (name, value) in all { if let value { w.field(name, value) } }
        w.endObject()
        w.key("symbols")
        InspectionRecord.write(decision.contributions, to: &w)
    }
}
