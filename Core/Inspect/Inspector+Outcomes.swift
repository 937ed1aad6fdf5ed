import Mail

/// What filters are told of, and which: those of the edge, and those of the domain that judged, by the plan in force now.
extension Inspector: OutcomeObserver {
    public func observe(_ record: OutcomeRecord, of copy: StoredRecipient, in message: StoredMessage) {
        guard let outcomes else { return }
        let plan = currentPlan
        // A redirected copy was judged as the mailbox's own.
        let address = copy.redirectedFrom ?? copy.address
        guard var told = watched(record, plan, message.role, domain: copy.policyDomain, address) else { return }
        told.origin = .stored(message.sessionJSON, role: message.role, headers: copy.addedHeaders)
        told.record.score = copy.score
        told.queueID = message.queueID
        var envelope = Envelope(reversePath: message.reversePath)
        envelope.is8BitMIME = message.is8BitMIME
        envelope.isSMTPUTF8 = message.isSMTPUTF8
        envelope.recipients = [Recipient(address: address, policyDomain: copy.policyDomain)]
        told.envelope = envelope
        outcomes.take(told)
    }

    /// Of a session, or of a recipient that was refused. `envelope`: with that recipient, or none.
    func observe(_ record: OutcomeRecord, _ session: SessionFacts, _ envelope: Envelope? = nil, queueID: QueueID? = nil) {
        guard let outcomes else { return }
        let recipient = envelope?.recipients.first
        guard var told = watched(record, currentPlan, session.role, domain: recipient?.policyDomain, recipient?.address) else { return }
        told.origin = .session(session)
        told.envelope = envelope
        told.queueID = queueID
        outcomes.take(told)
    }

    /// What an inspection came to, as far as it is final. `states`: what became of each recipient's copy; nil: it goes on, or the client comes again.
    func observe(_ record: InspectionRecord, _ states: [RecipientState?]) {
        guard outcomes != nil else { return }
        let message = record.message
        for (index, state) in states.enumerated() {
            let kind: OutcomeRecord.Kind
            switch state {
            case .quarantined: kind = .quarantined
            case .discarded: kind = .discarded
            case .bounced: kind = .rejected
            default: continue
            }
            let decision = record.decisions[index]
            var outcome = OutcomeRecord(kind, in: .data, at: clock.now, text: decision.reason, score: decision.score)
            if kind == .rejected { outcome.status = (decision.reply ?? record.reply(to: index)).status.enhanced }
            outcome.symbols = decision.countedSymbols
            var envelope = message.envelope
            envelope.recipients = [message.envelope.recipients[index]]
            observe(outcome, message.session, envelope, queueID: message.queueID)
        }
    }

    /// nil: no filter wants to know. The origin is still to be filled in.
    private func watched(
        _ record: OutcomeRecord, _ plan: FilterPlan, _ role: ListenerRole, domain: String?, _ address: EmailAddress?
    ) -> OutcomeWatch.Told? {
        let policy = domain.flatMap { plan.snapshot.domains[$0] }
        let isJudged = policy.map { policy in address.map { policy.hasFilters(for: $0, role: role) } ?? true } ?? false
        let slots = isJudged ? plan.watchers(of: policy!.domain, for: role) : []
        let edge = plan.edgeWatchers(for: role)
        if slots.isEmpty, edge.isEmpty { return nil }
        return OutcomeWatch.Told(
            record: record, origin: .stored("", role: role, headers: ""), envelope: nil, queueID: nil, edge: edge, domain: policy?.domain,
            slots: slots, timeout: plan.snapshot.limits.dataFilterTimeout)
    }
}

extension Decision {
    var countedSymbols: [OutcomeRecord.CountedSymbol] {
        contributions.prefix(OutcomeRecord.mostSymbols).map { .init(name: $0.symbol, score: $0.score) }
    }
}

extension InspectionRecord {
    /// What became of each copy, by what the peer was told; `bounced`: it was told that it is refused.
    var finalStates: [RecipientState?] {
        zip(message.envelope.recipients.indices, decisions).map { index, decision in
            let reply = reply(to: index)
            switch decision.disposition {
            case .accept, .tag, .defer: return nil
            case .quarantine: return reply.isPositive ? .quarantined : nil
            case .discard: return reply.isPositive ? .discarded : nil
            case .reject where !reply.isPositive: return reply.isPermanent ? .bounced : nil
            case .reject:
                let domain = message.envelope.recipients[index].policyDomain
                return plan.snapshot.domains[domain]?.discardsRejectedCopies == true ? .discarded : .quarantined
            }
        }
    }
}
