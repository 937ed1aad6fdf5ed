import Mail

/// What an operator may do. Any thread; completions come on the queue's loop.
extension DeliveryQueue {
    public typealias Counted = @Sendable (Result<Int, StoreFailure>) -> Void

    /// Makes what waits due now: all, or one domain's. Says how many (message, domain) pairs.
    public func flush(domain: String? = nil, completion: @escaping Counted) {
        loop.execute { [self] in
            let count = core.flush(domain: domain, now: loop.now)
            pump()
            completion(.success(count))
        }
    }

    /// Makes one message's waiting copies due now. Says how many (message, domain) pairs.
    public func flush(_ id: QueueID, completion: @escaping Counted) {
        loop.execute { [self] in
            let count = core.flush(id, now: loop.now)
            pump()
            completion(.success(count))
        }
    }

    /// Quarantined copies of a message are delivered after all. Says how many copies. `indices` nil: all. `actor`: for the history.
    public func release(_ id: QueueID, indices: Set<Int>? = nil, by actor: String, completion: @escaping Counted) {
        alter(id, indices, from: [.quarantined], to: .queued, reason: "released by \(actor)", kind: "released", actor, completion)
    }

    /// Copies that are queued or held are kept until they are released or deleted.
    public func hold(_ id: QueueID, indices: Set<Int>? = nil, by actor: String, completion: @escaping Counted) {
        alter(id, indices, from: [.queued, .held], to: .quarantined, reason: "held by \(actor)", kind: "held", actor, completion)
    }

    /// Copies that are not final yet are gone for good.
    public func delete(_ id: QueueID, indices: Set<Int>? = nil, by actor: String, completion: @escaping Counted) {
        alter(
            id, indices, from: [.queued, .held, .quarantined], to: .deleted, reason: "deleted by \(actor)", kind: "deleted", actor,
            completion
        )
    }

    private func alter(
        _ id: QueueID, _ indices: Set<Int>?, from states: Set<RecipientState>, to state: RecipientState, reason: String, kind: String,
        _ actor: String, _ completion: @escaping Counted
    ) {
        loop.execute { [self] in
            // From here on the store knows best.
            fresh.drop(id)
            store.message(id) { [self] result in
                loop.execute { [self] in
                    switch result {
                    case .failure(let failure): completion(.failure(failure))
                    case .success(let message):
                        let copies = message?.recipients.filter { states.contains($0.state) && indices?.contains($0.index) ?? true } ?? []
                        if copies.isEmpty { return completion(.success(0)) }
                        apply(message!, copies, state, reason, kind, actor, completion)
                    }
                }
            }
        }
    }

    private func apply(
        _ message: StoredMessage, _ copies: [StoredRecipient], _ state: RecipientState, _ reason: String, _ kind: String, _ actor: String,
        _ completion: @escaping Counted
    ) {
        let id = message.queueID
        let now = loop.now
        let changes = copies.map {
            RecipientChange(queueID: id, index: $0.index, state: state, attempts: $0.attempts, nextAttempt: now, reason: reason)
        }
        // Set before the change is durable: an attempt that ends meanwhile must not undo it.
        let indices = Set(copies.map(\.index))
        hold(id, indices, state == .quarantined)
        store.change(changes) { [self] result in
            loop.execute { [self] in
                if case .failure(let failure) = result {
                    hold(id, indices, false)
                    // An attempt that ended meanwhile has left these out.
                    for copy in copies where copy.state == .queued || copy.state == .held {
                        let way = copy.state == .held ? nil : Way(copy.policyDomain, role: message.role)
                        core.add(id, way: way, due: copy.nextAttempt)
                    }
                    pump()
                    return completion(.failure(failure))
                }
                var json = JSONWriter()
                json.beginObject()
                json.field("by", actor)
                json.key("recipients")
                json.beginArray()
                for copy in copies { json.string(copy.address.description) }
                json.endArray()
                json.endObject()
                store.append(Receipt(queueID: id, time: now, kind: kind, json: json.text))
                if state == .queued {
                    for domain in Set(copies.map(\.policyDomain)) {
                        core.add(id, way: Way(domain, role: message.role), due: now)
                    }
                    pump()
                }
                completion(.success(copies.count))
            }
        }
    }

    private func hold(_ id: QueueID, _ indices: Set<Int>, _ isOnHold: Bool) {
        for attempt in attempts.values where attempt.item.id == id {
            if isOnHold { attempt.onHold.formUnion(indices) } else { attempt.onHold.subtract(indices) }
        }
    }
}
