import Mail

/// How an attempt runs: read, part into groups, send one after the other, record each.
extension DeliveryQueue {
    func deliver(_ attempt: Attempt) {
        let id = attempt.item.id
        if let message = fresh.take(id, attempt.way!.domain) {
            attempt.take(message)
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
                    attempt.take(message)
                    prepare(attempt)
                }
            }
        }
    }

    private func prepare(_ attempt: Attempt) {
        guard !attempt.groups.isEmpty, let message = attempt.message else { return end(attempt, next: nil) }
        let way = attempt.way!
        guard let policy = policy.current.domains[way.domain] else {
            return giveUp(attempt, "domain \(way.domain) is not configured (any more): no next hop")
        }
        attempt.nextHops = policy.nextHops(for: way.role)
        if attempt.nextHops.isEmpty { return giveUp(attempt, "domain \(way.domain) has no `outbound` (any more): no next hop") }
        if message.region != nil { return sendNext(attempt) }
        store.body(of: attempt.item.id) { [self] result in
            loop.execute { [self] in
                switch result {
                case .success(let region):
                    attempt.message!.region = region
                    sendNext(attempt)
                case .failure(let failure): giveUp(attempt, failure.text)
                }
            }
        }
    }

    private func sendNext(_ attempt: Attempt) {
        guard !core.isStopping, let copies = attempt.nextGroup() else { return end(attempt, next: attempt.nextAttempt) }
        let message = attempt.message!
        let startedAt = loop.now
        let job = DeliveryJob(
            queueID: message.queueID, reversePath: message.reversePath, is8BitMIME: message.is8BitMIME, isSMTPUTF8: message.isSMTPUTF8,
            dsn: message.dsn,
            recipients: copies.map {
                JobRecipient(index: $0.index, address: $0.address, notify: $0.notify, originalRecipient: $0.originalRecipient)
            }, addedHeaders: copies.first!.addedHeaders, region: message.region!,
            route: .nextHops(attempt.nextHops))
        client.deliver(job) { [self] report in
            loop.execute { [self] in
                attempt.health = Self.health(report)
                settle(attempt, copies, report, startedAt) { [self] in
                    // A next hop that does not answer is not asked again for the same message's other groups.
                    if attempt.health == .fails, case .deferred(let failure)? = report.outcomes.first {
                        giveUp(attempt, failure.detail)
                    } else {
                        sendNext(attempt)
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
        let schedule = RetrySchedule(first: queue.retryFirst, most: queue.retryMost)
        let mostAttempts = attempt.copies.lazy.map(\.attempts).max() ?? 0
        let later = attempt.nextAttempt ?? now + schedule.delay(after: mostAttempts + 1, using: &random)
        let record = AttemptRecord(
            attempt.message!, copies: copies, report: report, readySince: attempt.readySince, startedAt: startedAt, now: now,
            nextAttempt: later, lifetime: queue.lifetime)
        // A copy that an operator holds by now changes only by being delivered.
        let changes = record.changes.filter { $0.state.isFinal || !attempt.onHold.contains($0.index) }
        if changes.contains(where: { $0.state == .queued }) { attempt.nextAttempt = later }
        store.append(record.receipt)
        record.events.forEach(log.write)
        metrics.count(record.words, now - startedAt)
        self.record(changes, of: attempt, then: next)
    }

    /// A reply for a recipient, good or bad, is a sign of life.
    private static func health(_ report: DeliveryReport) -> QueueCore.Health {
        if report.outcomes.isEmpty { return .unknown }
        let allFail = report.outcomes.allSatisfy { if case .deferred(let failure) = $0 { failure.isNextHopsFault } else { false } }
        return allFail ? .fails : .answers
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
        if loop.now - found.receivedAt >= queue.lifetime {
            let changes = held.map {
                RecipientChange(
                    queueID: found.queueID, index: $0.index, state: .quarantined, attempts: $0.attempts, nextAttempt: loop.now,
                    reason: "undeliverable: no verdict within \(queue.lifetime.components.seconds) s; last: \($0.reason)")
            }
            return record(changes) { [self] in end(attempt, next: nil) }
        }
        store.body(of: found.queueID) { [self] result in
            loop.execute { [self] in
                guard case .success(let region) = result else { return end(attempt, next: loop.now + Self.readRetry) }
                var message = found
                message.region = region
                message.recipients = held
                reinspect(message) { [self] changes in
                    loop.execute { [self] in
                        let wanted = changes.filter { change in
                            change.queueID == found.queueID && (change.state.isFinal || !attempt.onHold.contains(change.index))
                        }
                        record(wanted) { [self] in judged(attempt, found, held, wanted) }
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
        for copy in held where !attempt.onHold.contains(copy.index) {
            let change = changes.last { $0.index == copy.index }
            switch change?.state ?? .held {
            case .held:
                // At least a moment later, whatever was said: no loop without a pause.
                let earliest = loop.now + max(.seconds(1), policy.current.queue.retryFirst / 4)
                let time = max(earliest, change?.nextAttempt ?? loop.now + policy.current.queue.retryFirst)
                again = min(again ?? time, time)
            case .queued: core.add(attempt.item.id, way: Way(copy.policyDomain, role: found.role), due: change!.nextAttempt)
            default: break
            }
        }
        end(attempt, next: again)
    }
}
