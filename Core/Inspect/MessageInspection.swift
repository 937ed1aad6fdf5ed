import Decide
import MIME
import Mail

/// A sealed message on its way through the data phase: filters of each recipient's domain, decisions, storage, reply.
final class MessageInspection: ActiveInspection, @unchecked Sendable {
    // Bound to `loop`.
    var message: ReceivedMessage
    private let plan: FilterPlan
    /// Verdicts of the phases before.
    private let earlier: [Verdict]
    let inspector: Inspector
    let loop: any SerialLoop
    /// What the gateway itself does meanwhile.
    var step: InFlightWait.Step?
    private(set) var isAbandoned = false
    private var parts: [DomainPart] = []
    private var shared = SharedRuns()
    private var started: [SharedRuns.Key: ActiveRun] = [:]
    private var deadline: (any ScheduledWork)?
    private var messageID = ""
    /// Places in the envelope whose mailbox has sent this message on before.
    private var looping: Set<Int> = []
    private let began: Timestamp
    private var role: ListenerRole { message.session.role }

    /// The recipients of one domain that have filters, and the runs on their behalf.
    private struct DomainPart {
        let domain: String
        let recipients: [Int]
        let steps: [[PlannedSlot]]
        let runs: RunGroup
    }

    init(_ message: ReceivedMessage, plan: FilterPlan, earlier: [Verdict], by inspector: Inspector, on loop: any SerialLoop) {
        self.message = message
        self.plan = plan
        self.earlier = earlier
        self.inspector = inspector
        self.loop = loop
        began = inspector.clock.now
    }

    func start(then: @escaping @Sendable (InspectionRecord) -> Void) {
        let bytes = message.region.bytes
        message.digest = inspector.journal.digest(of: bytes)
        if let reason = objection { return conclude(earlier, message.envelope.recipients.map { _ in Self.unseen(reason) }, then) }
        let mark = inspector.journal.enter(
            CriticalStretch(
                digest: message.digest, queueID: message.queueID, session: message.session.id, client: message.session.client, phase: .data)
        )
        let refusal = read(bytes)
        inspector.journal.leave(mark)
        if let refusal { return refuse(refusal.reply, refusal.reason, then) }
        inspect { [self] result in
            switch result {
            case .success(let verdicts): conclude(verdicts, decide(verdicts), then)
            case .failure(let failure):
                refuse(Reply(.insufficientStorage, "Cannot store the message now, try again later"), failure.text, then)
            }
        }
    }

    /// Why nobody must look into the message.
    var objection: String? { message.digest.flatMap(inspector.journal.objection) }

    /// The decision for a message that nobody must look into.
    static func unseen(_ reason: String) -> Decision {
        Decision(disposition: .quarantine, score: 0, thresholds: Thresholds(), contributions: [], reason: reason)
    }

    /// The decision for a message that nobody can look into at this time.
    static func notNow(_ reason: String) -> Decision {
        Decision(disposition: .defer, score: 0, thresholds: Thresholds(), contributions: [], reason: reason)
    }

    /// Times that a message may pass here: out and in, and once more for each redirect.
    static let ownHops = 5

    private var redirection: Redirection {
        Redirection(
            snapshot: plan.snapshot, srs: inspector.srs, reversePath: message.envelope.reversePath, role: role, now: message.receivedAt)
    }

    /// The gateway's own look at the header; what it is refused for.
    private func read(_ bytes: UnsafeRawBufferPointer) -> (reply: Reply, reason: String)? {
        guard HeaderFields.isHeader(of: bytes, within: plan.snapshot.limits.headerSize) else {
            return (Reply(.malformedContent, "The header of the message is too large"), "limit header_size")
        }
        let header = HeaderFields(bytes)
        if let field = header.first("Message-ID", in: bytes) { messageID = HeaderFields.value(field, in: bytes, limit: 255) }
        let hops = header.count(of: "Received", in: bytes)
        guard hops <= plan.snapshot.limits.hops else {
            return (Reply(.loopDetected, "Too many hops, this message loops"), "more Received fields than limits.hops")
        }
        if hops > Self.ownHops, header.countReceived(by: plan.snapshot.hostname, in: bytes) > Self.ownHops {
            return (Reply(.loopDetected, "This message has been here before"), "more than \(Self.ownHops) Received fields of our own")
        }
        looping = redirection.loops(message.envelope.recipients) { header.values("Delivered-To", in: bytes, most: 100) }
        let forged = ForgedFields(header, in: bytes, authservID: plan.snapshot.hostname)
        if forged.ranges.isEmpty { return nil }
        do throws(StoreFailure) {
            message.region = try forged.removed(from: message.region, spool: inspector.spool)
            return nil
        } catch {
            return (Reply(.insufficientStorage, "Cannot store the message now, try again later"), error.text)
        }
    }

    /// Runs the data filters of every domain, then hands over all verdicts, earlier ones first. Or why there are none yet.
    func inspect(then: @escaping @Sendable (Result<[Verdict], StoreFailure>) -> Void) {
        divide()
        let asked = parts.flatMap { $0.steps.joined() }.filter { $0.phases.contains(.data) }
        if asked.isEmpty { return then(.success(earlier)) }
        deadline = loop.schedule(after: plan.snapshot.limits.inspectionTimeout) { [self] in
            for part in parts { part.runs.cancel(.timeout) }
        }
        buildContent(asked.reduce(into: []) { $0.formUnion($1.instance.manifest.needs) }) { [self] failure in
            if let failure {
                deadline?.cancel()
                return then(.failure(failure))
            }
            runFilters { [self] in
                deadline?.cancel()
                then(.success($0))
            }
        }
    }

    private func runFilters(then: @escaping @Sendable ([Verdict]) -> Void) {
        let remaining = Remaining(parts.count { !$0.steps.isEmpty })
        for part in parts where !part.steps.isEmpty {
            part.runs.run(part.steps, phase: .data) { [self] in
                start($0, for: part)
            } then: { [self] in
                part.runs.join(before: nil) { [self] in
                    remaining.count -= 1
                    guard remaining.count == 0 else { return }
                    then(earlier + parts.flatMap(\.runs.verdicts))
                }
            }
        }
    }

    private final class Remaining: @unchecked Sendable {
        var count: Int
        init(_ count: Int) { self.count = count }
    }

    /// Recipients by domain; one with a scope of its own per recipient gets a part of its own.
    private func divide() {
        var byDomain: [String: [Int]] = [:]
        var order: [String] = []
        for (index, recipient) in message.envelope.recipients.enumerated() {
            let policy = plan.snapshot.domains[recipient.policyDomain]
            if policy?.hasFilters(for: recipient.address, role: role) == false { continue }
            if byDomain[recipient.policyDomain] == nil { order.append(recipient.policyDomain) }
            byDomain[recipient.policyDomain, default: []].append(index)
        }
        for domain in order {
            // A domain may have become another's alias since a held copy was stored.
            let steps = plan.snapshot.domains[domain].map { plan.steps(of: $0.domain, for: role) } ?? []
            let isPerRecipient = steps.joined().contains { $0.phases.contains(.data) && $0.instance.manifest.scope == .recipient }
            for recipients in isPerRecipient ? byDomain[domain]!.map({ [$0] }) : [byDomain[domain]!] {
                parts.append(DomainPart(domain: domain, recipients: recipients, steps: steps, runs: RunGroup(on: loop)))
                for planned in steps.joined() where planned.phases.contains(.data) {
                    shared.add(recipients, to: key(planned, domain, recipients))
                }
            }
        }
    }

    private func key(_ planned: PlannedSlot, _ domain: String, _ recipients: [Int]) -> SharedRuns.Key {
        SharedRuns.key(planned, domain: domain, recipient: recipients.count == 1 ? recipients[0] : nil)
    }

    private func start(_ planned: PlannedSlot, for part: DomainPart) -> (run: ActiveRun, recipients: RecipientSet) {
        let key = key(planned, part.domain, part.recipients)
        let recipients = RecipientSet(part.recipients)
        if let run = started[key] { return (run, recipients) }
        var call = FilterCall(
            phase: .data, session: message.session, envelope: message.envelope, recipients: shared.audience(of: key), domain: part.domain,
            message: message, queueID: message.queueID, slotName: planned.slot.name)
        let needs = planned.instance.manifest.needs
        call.message?.content = needs.isEmpty ? nil : message.content?.showing(needs)
        call.earlier = EarlierFindings.of(
            earlier + part.runs.verdicts, for: planned, concerning: call.recipients,
            scores: plan.snapshot.domains[part.domain]?.scores(for: role) ?? [:])
        let timeout = planned.slot.timeout ?? plan.snapshot.limits.dataFilterTimeout
        let run = ActiveRun(planned, call, on: loop, timeout: timeout)
        started[key] = run
        return (run, recipients)
    }

    /// The decision for each recipient, in their order.
    func decide(_ verdicts: [Verdict]) -> [Decision] {
        let recipients = message.envelope.recipients
        // Filters per recipient leave as many verdicts as there are recipients: each is shown those about it only.
        var concerning = [[Verdict]](repeating: [], count: recipients.count)
        for verdict in verdicts { for index in verdict.recipients.indices(below: recipients.count) { concerning[index].append(verdict) } }
        return recipients.enumerated().map { index, recipient in
            if looping.contains(index) {
                return Decision(
                    disposition: .reject, score: 0, thresholds: Thresholds(), contributions: [], reason: "Delivered-To names this mailbox",
                    reply: Reply(.loopDetected, "This message has been here before"))
            }
            let policy = plan.snapshot.domains[recipient.policyDomain] ?? DomainPolicy(domain: recipient.policyDomain)
            return DecisionRule(policy: policy, recipient: recipient.address, role: role)(recipient: index, verdicts: concerning[index])
        }
    }

    private func conclude(_ verdicts: [Verdict], _ decisions: [Decision], _ then: @escaping @Sendable (InspectionRecord) -> Void) {
        let record = record(verdicts, decisions)
        if message.session.isLMTP {
            let each = LMTPDispositions(decisions)
            store(each.copies, decisions, record, each.replies, then)
        } else {
            let mixed = MixedDispositions(
                zip(message.envelope.recipients, decisions).map {
                    ($1, plan.snapshot.domains[$0.policyDomain]?.discardsRejectedCopies ?? false)
                })
            if let reply = mixed.reply {
                var refused = record
                refused.reply = reply
                return finish(refused, then)
            }
            store(mixed.copies, decisions, record, [], then)
        }
    }

    /// Stores what is to be kept, then answers. `replies`: LMTP's, nil where it waits for the store.
    private func store(
        _ copies: [MixedDispositions.Copy], _ decisions: [Decision], _ judged: InspectionRecord, _ replies: [Reply?],
        _ then: @escaping @Sendable (InspectionRecord) -> Void
    ) {
        let recipients = message.envelope.recipients
        let now = message.receivedAt
        let received = TraceHeaders.received(message, hostname: plan.snapshot.hostname)
        var kept = RedirectedCopies(redirection, count: recipients.count)
        for index in copies.indices {
            guard let state = copies[index].state else { continue }
            var copy = StoredRecipient(
                index: index, address: recipients[index].address, policyDomain: recipients[index].policyDomain, state: state,
                addedHeaders: received + TraceHeaders.explanation(decisions[index], message.queueID), reason: copies[index].reason,
                score: decisions[index].score, nextAttempt: state == .held ? now + Reinspection.firstWait : now)
            copy.notify = recipients[index].notify
            copy.originalRecipient = recipients[index].originalRecipient
            kept.add(copy, of: recipients[index], below: received)
        }
        let stored = kept.all
        var record = judged
        record.answer(Reply(.ok, "Ok: queued as \(message.queueID)"), replies)
        if stored.isEmpty { return finish(record, then) }
        var entry = StoredMessage(
            queueID: message.queueID, receivedAt: now, reversePath: message.envelope.reversePath, is8BitMIME: message.envelope.is8BitMIME,
            isSMTPUTF8: message.envelope.isSMTPUTF8, role: role, dsn: message.envelope.dsn,
            sessionJSON: SessionRecord.json(message.session, edge: earlier),
            region: message.region,
            size: message.region.count, recipients: stored)
        // `OutboundRights` has checked that the reverse-path is the sender's own.
        entry.isSenderAuthenticated = role == .outbound
        step = .init(name: "store", phase: .data, began: loop.uptime)
        inspector.store.accept(entry) { [self, record, entry] result in
            loop.run { [self] in
                step = nil
                var record = record
                switch result {
                case .success:
                    // The history first, so that it stands above the attempts.
                    finish(record, then)
                    inspector.noteRedirects(entry)
                    return inspector.accepted(entry)
                case .failure(let failure):
                    let status = failure.kind == .full || failure.kind == .busy ? ReplyStatus.insufficientStorage : .localError
                    record.answer(Reply(status, "Cannot store the message now, try again later"), replies)
                    record.failure = failure.text
                }
                finish(record, then)
            }
        }
    }

    func record(_ verdicts: [Verdict], _ decisions: [Decision]) -> InspectionRecord {
        InspectionRecord(
            message: message, plan: plan, messageID: messageID, verdicts: verdicts, decisions: decisions, homes: homes(),
            elapsed: inspector.clock.now - began)
    }

    private func homes() -> [String: String] {
        var homes: [String: String] = [:]
        for planned in plan.edge(for: role).joined() { homes[planned.slot.name] = planned.instance.home.rawValue }
        for part in parts { for planned in part.steps.joined() { homes[planned.slot.name] = planned.instance.home.rawValue } }
        return homes
    }

    private func finish(_ record: InspectionRecord, _ then: @Sendable (InspectionRecord) -> Void) {
        inspector.conclude(record)
        then(record)
    }

    private func refuse(_ reply: Reply, _ reason: String, _ then: @Sendable (InspectionRecord) -> Void) {
        let decisions = message.envelope.recipients.map { _ in
            Decision(
                disposition: reply.isTransient ? .defer : .reject, score: 0, thresholds: Thresholds(), contributions: [], reason: reason,
                reply: reply)
        }
        var record = record(earlier, decisions)
        record.reply = reply
        finish(record, then)
    }

    var waits: [InFlightWait] {
        let now = loop.uptime
        // Several domains may wait for one run.
        var seen: Set<ObjectIdentifier> = []
        let runs = parts.flatMap { $0.runs.underWay }.filter { seen.insert(ObjectIdentifier($0.run)).inserted }
        return runs.map { slot, run in
            InFlightWait(message.session, message.queueID, run.phase, filter: slot, run.waits, age: now - run.began)
        } + [InFlightWait(step, message.session, message.queueID, now: now)].compactMap { $0 }
    }

    /// The client is gone before the reply: what has not been committed yet is dropped, since the client will send it again.
    func abandon() {
        isAbandoned = true
        deadline?.cancel()
        // First all groups, then their runs: a shared run must not make another group go on.
        for part in parts { part.runs.stop() }
        for part in parts { part.runs.cancel(.sessionEnded) }
    }
}
