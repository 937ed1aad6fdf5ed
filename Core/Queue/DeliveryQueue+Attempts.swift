import Mail

/// How an attempt runs: read, part into groups, send one after the other, record each.
extension DeliveryQueue {
    func deliver(_ attempt: Attempt) {
        let id = attempt.item.id
        if let message = fresh.take(id, attempt.destination!) {
            take(attempt, message)
            return prepare(attempt)
        }
        store.message(id) { [self] result in
            loop.execute { [self] in
                switch result {
                case .failure(let failure):
                    log.write(MailEvent("unread", queueID: id, [("said", .text(failure.text))]))
                    end(attempt, next: loop.now + Self.readRetry)
                case .success(nil): end(attempt, next: nil)
                case .success(let message?):
                    take(attempt, message)
                    prepare(attempt)
                }
            }
        }
    }

    /// A reload may have given copies another destination since they were added: they go to their lane.
    private func take(_ attempt: Attempt, _ message: StoredMessage) {
        for (copy, destination) in attempt.take(message, by: policy.current) {
            let known = core.item(message.queueID, to: destination)
            if let known, !known.isRunning || attempts[known.item]?.copies.contains(where: { $0.index == copy.index }) != false { continue }
            core.add(message.queueID, to: destination, due: now)
        }
    }

    private func prepare(_ attempt: Attempt) {
        guard !attempt.groups.isEmpty, let message = attempt.message else { return end(attempt, next: nil) }
        if let outage = attempt.outage { return giveUp(attempt, Attempt.suspended + outage.words) }
        let route: Route
        switch attempt.destination!.route(by: policy.current) {
        case .success(let found): route = found
        case .failure(let why): return giveUp(attempt, why.text)
        }
        if message.region != nil { return sendNext(attempt, route) }
        store.body(of: attempt.item.id) { [self] result in
            loop.execute { [self] in
                switch result {
                case .success(let region):
                    attempt.message!.region = region
                    sendNext(attempt, route)
                case .failure(let failure): giveUp(attempt, failure.text)
                }
            }
        }
    }

    private func sendNext(_ attempt: Attempt, _ route: Route) {
        guard !core.isStopping, let copies = attempt.nextGroup() else { return end(attempt, next: attempt.nextAttempt) }
        let message = attempt.message!
        let startedAt = loop.now
        var job = DeliveryJob(
            queueID: message.queueID, reversePath: copies.first!.reversePath ?? message.reversePath, is8BitMIME: message.is8BitMIME,
            isSMTPUTF8: message.isSMTPUTF8,
            dsn: message.dsn,
            recipients: copies.map {
                JobRecipient(index: $0.index, address: $0.address, notify: $0.notify, originalRecipient: $0.originalRecipient)
            }, addedHeaders: copies.first!.addedHeaders, region: message.region!,
            route: route)
        job.policyDomain = copies.first!.policyDomain
        job.role = message.role
        client.deliver(job) { [self] report in
            loop.execute { [self] in
                attempt.health = Self.health(report)
                if case .deferred(let failure)? = report.outcomes.first { attempt.words = failure.description }
                settle(attempt, copies, report, startedAt) { [self] in
                    // A next hop that does not answer is not asked again for the same message's other groups.
                    if attempt.health == .fails || attempt.health == .refuses {
                        giveUp(attempt, attempt.words)
                    } else {
                        sendNext(attempt, route)
                    }
                }
            }
        }
    }

    /// Defers what is left without another transaction.
    private func giveUp(_ attempt: Attempt, _ why: String) {
        guard let copies = attempt.takeRest() else { return end(attempt, next: attempt.nextAttempt) }
        let outcomes = copies.map { _ in DeliveryOutcome.deferred(DeliveryFailure(detail: why, isNextHopsFault: true)) }
        settle(attempt, copies, DeliveryReport(outcomes: outcomes, nextHop: "none"), loop.now) { [self] in
            end(attempt, next: attempt.nextAttempt)
        }
    }

    private func settle(
        _ attempt: Attempt, _ copies: ArraySlice<StoredRecipient>, _ report: DeliveryReport, _ startedAt: Timestamp,
        then next: @escaping @Sendable () -> Void
    ) {
        let queue = policy.current.queue
        let now = loop.now
        let later = attempt.nextAttempt ?? nextAttempt(attempt, queue)
        let record = AttemptRecord(
            attempt.message!, copies: copies, report: report, readySince: attempt.readySince, startedAt: startedAt, now: now,
            nextAttempt: later, lifetime: queue.lifetime,  // An attempt that a stop cuts off was none.
            expires: !core.isStopping && triedAge(attempt) >= queue.lifetime, isLate: age(attempt.message!) >= queue.delayWarning)
        var changes = record.changes
        // What a next hop said of a copy counts, whoever has held it meanwhile; a deferral takes none out of somebody's hands.
        for at in changes.indices where !changes[at].state.isFinal { changes[at].from = .queued }
        if changes.contains(where: { $0.state == .queued }) { attempt.nextAttempt = later }
        // A history tells of the first suspension of a row: the number of the next attempt tells how many there were.
        let goesOn = attempt.outage != nil && copies.allSatisfy { $0.attempts > 0 && $0.reason.hasPrefix(Attempt.suspended) }
        if !goesOn || record.words.contains(where: { $0 != .deferred }) { store.append(record.receipt) }
        record.events.forEach(log.write)
        metrics.count(record.words, now - startedAt)
        if attempt.outage == nil {
            metrics.count(
                before: attempt.readySince - attempt.message!.receivedAt, queue: startedAt - attempt.readySince,
                connect: report.connectTime, send: report.sendTime)
        }
        self.record(changes, of: attempt.message!, telling: record.notified) { [self] in
            for (copy, outcome) in record.outcomes { outcomes.observe(outcome, of: copy, in: attempt.message!) }
            next()
        }
    }

    /// How old its message was when its destination was last tried: what was not tried at its end does not expire.
    private func triedAge(_ attempt: Attempt) -> Duration {
        age(attempt.message!) - (attempt.outage.map { now - $0.lastTried } ?? .zero)
    }

    /// By the wall clock.
    private func nextAttempt(_ attempt: Attempt, _ queue: QueuePolicy) -> Timestamp {
        let mostAttempts = attempt.copies.lazy.map(\.attempts).max() ?? 0
        let delay = RetrySchedule(first: queue.retryFirst, most: queue.retryMost).delay(after: mostAttempts + 1, using: &random)
        guard let outage = attempt.outage else { return loop.now + delay }
        // Not before somebody knows more; at the end of its lifetime right after that.
        let wait = outage.nextProbe - now
        return loop.now + (age(attempt.message!) >= queue.lifetime ? wait + .seconds(1) : max(delay, wait))
    }

    /// A reply for a recipient, good or bad, is a sign of life.
    private static func health(_ report: DeliveryReport) -> Lane.Health {
        var health = Lane.Health.unknown
        for outcome in report.outcomes {
            guard case .deferred(let failure) = outcome else { return .answers }
            if !failure.isNextHopsFault || report.isServed, failure.reply?.code != 421 {
                // What it says of itself, not of this message.
                let isItsOwn = failure.isNextHopsFault && failure.reply?.isTransient == true
                if health != .throttles { health = isItsOwn ? .throttles : .defers }
            } else if report.isUntried, failure.reply == nil {
                continue
            } else if health == .unknown || health == .refuses {
                health = failure.reply == nil ? .fails : .refuses
            }
        }
        return health
    }

    // MARK: Held copies

    func inspectAgain(_ attempt: Attempt) {
        let id = attempt.item.id
        store.message(id) { [self] result in
            loop.execute { [self] in
                switch result {
                case .failure(let failure):
                    log.write(MailEvent("unread", queueID: id, [("said", .text(failure.text))]))
                    end(attempt, next: loop.now + Self.readRetry)
                case .success(nil): end(attempt, next: nil)
                case .success(let message?): inspectAgain(attempt, message)
                }
            }
        }
    }

    private func inspectAgain(_ attempt: Attempt, _ found: StoredMessage) {
        let held = found.recipients.filter { $0.state == .held }
        if held.isEmpty { return end(attempt, next: nil) }
        let queue = policy.current.queue
        if age(found) >= queue.lifetime {
            let (changes, told) = Self.unjudged(found, held, after: queue.lifetime, now: loop.now)
            return record(changes, of: found, telling: told) { [self] in
                for (copy, change) in zip(held, changes) {
                    outcomes.observe(OutcomeRecord(.expired, at: loop.now, text: change.reason), of: copy, in: found)
                }
                end(attempt, next: nil)
            }
        }
        store.body(of: found.queueID) { [self] result in
            loop.execute { [self] in
                guard case .success(let region) = result else { return end(attempt, next: loop.now + Self.readRetry) }
                var message = found
                message.region = region
                message.recipients = held
                reinspect(message) { [self, message] changes in
                    loop.execute { [self] in
                        // What an operator has done meanwhile stands: only copies that are still held follow the verdict.
                        var wanted = changes.filter { $0.queueID == found.queueID }.map { change in
                            var change = change
                            change.from = .held
                            return change
                        }
                        let told = refused(message, &wanted)
                        record(wanted, of: message, telling: told) { [self, wanted] in judged(attempt, found, held, wanted) }
                    }
                }
            }
        }
    }

    /// What the new verdicts have left to do. A copy without one stays held.
    private func judged(_ attempt: Attempt, _ found: StoredMessage, _ held: [StoredRecipient], _ changes: [RecipientChange]) {
        // What is kept for a first attempt still calls these copies held, and the attempt would leave them out.
        fresh.drop(attempt.item.id)
        var again: Timestamp?
        for copy in held {
            let change = changes.last { $0.index == copy.index }
            switch change?.state ?? .held {
            case .held:
                // At least a moment later, whatever was said: no loop without a pause.
                let earliest = loop.now + max(.seconds(1), policy.current.queue.retryFirst / 4)
                let time = max(earliest, change?.nextAttempt ?? loop.now + policy.current.queue.retryFirst)
                again = min(again ?? time, time)
            case .queued:
                let destination = Destination(of: copy, role: found.role, by: policy.current)
                core.add(attempt.item.id, to: destination, due: queueTime(change!.nextAttempt))
            default: break
            }
        }
        end(attempt, next: again)
    }
}
