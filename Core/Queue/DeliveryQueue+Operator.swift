import Mail

/// What an operator may do. Any thread; completions come on the queue's loop.
extension DeliveryQueue {
    public typealias Counted = @Sendable (Result<Int, StoreFailure>) -> Void

    /// Copies of one message that are meant.
    public struct Selection: Sendable {
        /// As the store has it, with all copies.
        public var message: StoredMessage
        public var indices: Set<Int>

        public init(_ message: StoredMessage, indices: Set<Int>) {
            self.message = message
            self.indices = indices
        }

        var copies: [StoredRecipient] { message.recipients.filter { indices.contains($0.index) } }
    }

    /// Copies changed in one transaction of the store.
    static let copiesAtOnce = 1000

    /// Makes what waits due now: all, held copies too, or one domain's, its own mail into the world included. Says how many (message,
    /// destination) pairs. Takes no longer for many of them. While the queue is loaded it reaches what comes later too, and says so at the end.
    public func flush(domain: String? = nil, completion: @escaping Counted) {
        loop.execute { [self] in
            var count = 0
            let now = now
            for lane in core.lanes.indices where core.lanes[lane].count > 0 {
                if let domain, core.lanes[lane].destination?.concerns(domain) != true { continue }
                count += core.flush(lane: lane, now: now)
            }
            pump()
            if loading == nil { return completion(.success(count)) }
            loading!.flushes.append(Loading.Flush(domain: domain, time: now, count: count, completion: completion))
        }
    }

    /// One message's copies in one of `states`; nil: in any in which the operation is possible. `actor`: for the history.
    public func carryOut(
        _ operation: QueueOperation, on id: QueueID, in states: Set<RecipientState>? = nil, by actor: String, completion: @escaping Counted
    ) {
        loop.execute { [self] in
            // From here on the store knows best.
            fresh.drop(id)
            store.message(id) { [self] result in
                switch result {
                case .failure(let failure): loop.execute { completion(.failure(failure)) }
                case .success(let message):
                    let states = operation.states.intersection(states ?? operation.states)
                    let indices = message?.recipients.filter { states.contains($0.state) }.map(\.index) ?? []
                    carryOut(operation, on: message.map { [Selection($0, indices: Set(indices))] } ?? [], by: actor, completion: completion)
                }
            }
        }
    }

    /// Says how many copies. Some may have been changed when it fails.
    public func carryOut(_ operation: QueueOperation, on selections: [Selection], by actor: String, completion: @escaping Counted) {
        loop.execute { [self] in carryOut(operation, on: selections[...], by: actor, count: 0, completion) }
    }

    private func carryOut(
        _ operation: QueueOperation, on selections: ArraySlice<Selection>, by actor: String, count: Int, _ completion: @escaping Counted
    ) {
        var copies = 0
        let end = selections.firstIndex { selection in
            copies += selection.indices.count
            return copies > Self.copiesAtOnce
        }
        let part = selections[..<max(end ?? selections.endIndex, min(selections.startIndex + 1, selections.endIndex))]
        if part.isEmpty { return completion(.success(count)) }
        let rest = selections[part.endIndex...]
        let next: Counted = { [self] result in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let changed):
                // Lets the queue's own work come between.
                loop.execute { [self] in carryOut(operation, on: rest, by: actor, count: count + changed, completion) }
            }
        }
        if operation == .flush { next(.success(flush(part))) } else { alter(Array(part), operation, actor, next) }
    }

    private func flush(_ selections: ArraySlice<Selection>) -> Int {
        var count = 0
        let now = now
        for selection in selections {
            let id = selection.message.queueID
            let isToCome = loading?.isToCome(id) ?? false
            for (destination, copies) in lanes(of: selection) {
                if isToCome { core.add(id, to: destination, due: now, isLoaded: true) }
                if core.flush(id, to: destination, now: now) { count += copies.count }
            }
        }
        pump()
        return count
    }

    /// The meant copies that wait, by lane; nil: those held for another inspection.
    private func lanes(of selection: Selection) -> [Destination?: [StoredRecipient]] {
        let policy = policy.current
        return Dictionary(grouping: selection.copies.filter { $0.state == .queued || $0.state == .held }) {
            $0.state == .held ? nil : Destination(of: $0, role: selection.message.role, by: policy)
        }
    }

    private func alter(_ selections: [Selection], _ operation: QueueOperation, _ actor: String, _ completion: @escaping Counted) {
        let now = loop.now
        var changes: [RecipientChange] = []
        for selection in selections {
            fresh.drop(selection.message.queueID)
            changes += selection.copies.map { copy in
                RecipientChange(
                    queueID: selection.message.queueID, index: copy.index, state: operation.state(of: copy),
                    attempts: operation == .requeue || operation == .inspect ? 0 : copy.attempts, nextAttempt: now,
                    reason: "\(operation.participle) by \(actor)")
            }
        }
        let count = changes.count
        if count == 0 { return completion(.success(0)) }
        store.change(changes) { [self] result in
            loop.execute { [self] in
                switch result {
                case .failure(let failure): completion(.failure(failure))
                case .success:
                    for selection in selections where !selection.indices.isEmpty { altered(selection, operation, actor) }
                    pump()
                    completion(.success(count))
                }
            }
        }
    }

    /// Durable: what waits follows.
    private func altered(_ selection: Selection, _ operation: QueueOperation, _ actor: String) {
        let message = selection.message
        var json = JSONWriter()
        json.beginObject()
        json.field("by", actor)
        json.key("recipients")
        json.beginArray()
        for copy in selection.copies { json.string(copy.address.description) }
        json.endArray()
        json.endObject()
        store.append(Receipt(queueID: message.queueID, time: loop.now, kind: operation.participle, json: json.text))

        let kind: OutcomeRecord.Kind? = operation == .release ? .released : operation == .delete ? .deleted : nil
        if let kind {
            let record = OutcomeRecord(kind, at: loop.now, text: "\(operation.participle) by \(actor)")
            for copy in selection.copies { outcomes.observe(record, of: copy, in: message) }
        }

        // Where nothing is left the item goes too: many deleted messages should not be looked for at their time.
        // But not while a quarantined copy is left: somebody may have released it since `message` was read.
        let left = Selection(message, indices: Set(message.recipients.map(\.index)).subtracting(selection.indices))
        let leftLanes = lanes(of: left)
        if !left.copies.contains(where: { $0.state == .quarantined }) {
            for destination in lanes(of: selection).keys where leftLanes[destination] == nil {
                core.remove(message.queueID, to: destination)
            }
        }
        let now = now
        let policy = policy.current
        for copy in selection.copies {
            let destination: Destination?
            switch operation.state(of: copy) {
            case .queued: destination = Destination(of: copy, role: message.role, by: policy)
            case .held: destination = nil
            default: continue
            }
            core.add(message.queueID, to: destination, due: now)
            _ = core.flush(message.queueID, to: destination, now: now)
        }
    }
}

extension QueueOperation {
    /// Where it takes a copy. Without a verdict nothing is delivered but by a release.
    fileprivate func state(of copy: StoredRecipient) -> RecipientState {
        switch self {
        case .flush: copy.state
        case .hold: .quarantined
        case .release: .queued
        case .delete: .deleted
        case .requeue: copy.state == .held ? .held : .queued
        case .inspect: .held
        }
    }
}
