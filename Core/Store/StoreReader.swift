import Mail

/// Reads messages as one, whichever file their copies stand in. A copy may be on the move meanwhile, in either direction: so queue.db is asked
/// first, then quarantine.db, and for whatever may have left that one since, queue.db once more.
struct StoreReader: Sendable {
    let queue: FileReader
    let quarantine: FileReader
    let bodies: BodyFiles
    /// Called between two of the steps above, for tests.
    var observer: @Sendable () -> Void = {}

    typealias Completion<T> = @Sendable (Result<T, StoreFailure>) -> Void

    func body(of id: QueueID, completion: @escaping Completion<Region>) {
        body(of: id, in: queue, completion) {
            body(of: id, in: quarantine, completion) { body(of: id, in: queue, completion) { completion(.failure(gone(id))) } }
        }
    }

    private func gone(_ id: QueueID) -> StoreFailure {
        StoreFailure(.unavailable, "\(id) is not in \(queue.path) or \(quarantine.path): its last copy is gone")
    }

    /// `otherwise`: it is not there.
    private func body(
        of id: QueueID, in file: FileReader, _ completion: @escaping Completion<Region>, otherwise: @escaping @Sendable () -> Void
    ) {
        file.perform({ (result: Result<Region?, StoreFailure>) in
            observer()
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let region?): completion(.success(region))
            case .success(nil): otherwise()
            }
        }) { try body(of: id, in: file, $0) }
    }

    private func body(of id: QueueID, in file: FileReader, _ connection: OpaquePointer) throws -> Region? {
        switch try file.rows(connection).body(of: id) {
        case .bytes(let region)?: region
        case .file(let size)?: try bodies.read(id, size: size)
        case nil: nil
        }
    }

    func message(_ id: QueueID, completion: @escaping Completion<StoredMessage?>) {
        messages([id]) { completion($0.map(\.first)) }
    }

    func messages(in states: Set<RecipientState>, after: QueueID?, limit: Int, completion: @escaping Completion<[StoredMessage]>) {
        fill([], states, after: after, limit: max(0, limit), completion)
    }

    /// Lists and reads until there are `limit`, or no more: some of a list may be gone when they are read.
    private func fill(
        _ found: [StoredMessage], _ states: Set<RecipientState>, after: QueueID?, limit: Int,
        _ completion: @escaping Completion<[StoredMessage]>
    ) {
        let wanted = limit - found.count
        let queued = states.subtracting([.quarantined])
        var files: [(FileReader, Set<RecipientState>)] = []
        if !queued.isEmpty { files.append((queue, queued)) }
        if states.contains(.quarantined) { files.append((quarantine, [.quarantined])) }
        // The first one once more: what has left the second since.
        list(files + (files.count > 1 ? [files[0]] : []), after: after, limit: wanted) { result in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let all):
                let ids = Array(all.sorted().prefix(wanted))
                guard let last = ids.last else { return completion(.success(found)) }
                observer()
                messages(ids) { result in
                    switch result {
                    case .failure(let failure): completion(.failure(failure))
                    case .success(let messages):
                        if messages.count == ids.count, ids.count == wanted { return completion(.success(found + messages)) }
                        fill(found + messages, states, after: last, limit: limit, completion)
                    }
                }
            }
        }
    }

    private func list(
        _ files: [(FileReader, Set<RecipientState>)], after: QueueID?, limit: Int, sofar: Set<QueueID> = [],
        _ completion: @escaping Completion<Set<QueueID>>
    ) {
        guard let (file, states) = files.first else { return completion(.success(sofar)) }
        file.perform({ (result: Result<[QueueID], StoreFailure>) in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let ids): list(Array(files.dropFirst()), after: after, limit: limit, sofar: sofar.union(ids), completion)
            }
        }) { try file.list(states, after: after, limit: limit, $0) }
    }

    /// Those of them that are known, in order.
    private func messages(_ ids: [QueueID], completion: @escaping Completion<[StoredMessage]>) {
        readQueue(ids) { result in
            observer()
            guard case .success(let first) = result else { return completion(result.map { _ in [] }) }
            let others = ids.filter { first[$0]?.isSplit ?? true }
            if others.isEmpty { return completion(.success(ids.compactMap { first[$0]?.message })) }
            readQuarantine(others) { result in
                observer()
                guard case .success(let second) = result else { return completion(result.map { _ in [] }) }
                readQueue(others) { result in
                    completion(
                        result.map { third in
                            // The newest first: where a copy is in two of them, that is what has become of it.
                            ids.compactMap { id in
                                [third[id]?.message, second[id], first[id]?.message].compactMap { $0 }.reduce(nil) { whole, part in
                                    whole?.merged(with: part) ?? part
                                }
                            }
                        })
                }
            }
        }
    }

    private func readQueue(_ ids: [QueueID], _ completion: @escaping Completion<[QueueID: MessageRows.Found]>) {
        queue.perform(completion) { connection in
            let rows = queue.rows(connection)
            var found: [QueueID: MessageRows.Found] = [:]
            for id in ids { found[id] = try rows.message(id) }
            return found
        }
    }

    /// Without the copies that nobody has promised to keep yet.
    private func readQuarantine(_ ids: [QueueID], _ completion: @escaping Completion<[QueueID: StoredMessage]>) {
        quarantine.perform(completion) { connection in
            let rows = quarantine.rows(connection)
            let hidden = try PreparedStatement(
                connection, "SELECT place FROM pending WHERE message = ?1 AND kind = \(QuarantineTables.Kind.arrivesNew.rawValue)")
            var found: [QueueID: StoredMessage] = [:]
            for id in ids {
                guard var part = try rows.message(id)?.message else { continue }
                hidden.bind(1, id.rawValue)
                var unpromised: Set<Int> = []
                while try hidden.next() { unpromised.insert(Int(hidden.integer(0))) }
                if !unpromised.isEmpty { part.recipients.removeAll { unpromised.contains($0.index) } }
                if !part.recipients.isEmpty { found[id] = part }
            }
            return found
        }
    }
}

extension StoredMessage {
    /// With the copies of `other` that it has not itself.
    fileprivate func merged(with other: StoredMessage) -> StoredMessage {
        let places = Set(recipients.map(\.index))
        var whole = self
        whole.recipients = (recipients + other.recipients.filter { !places.contains($0.index) }).sorted { $0.index < $1.index }
        return whole
    }
}
