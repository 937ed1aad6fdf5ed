import Mail

/// Reads messages as one, whichever file their copies stand in. queue.db is asked first: what has left it by then stands in quarantine.db, so
/// that no copy on the move is missed.
struct StoreReader: Sendable {
    let queue: FileReader
    let quarantine: FileReader
    let bodies: BodyFiles

    typealias Completion<T> = @Sendable (Result<T, StoreFailure>) -> Void

    func body(of id: QueueID, completion: @escaping Completion<Region>) {
        queue.perform({ result in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let region?): completion(.success(region))
            case .success(nil):
                quarantine.perform(completion) { connection in
                    guard let region = try body(of: id, in: quarantine, connection) else {
                        throw StoreFailure(.unavailable, "\(id) is not in \(queue.path) or \(quarantine.path): its last copy is gone")
                    }
                    return region
                }
            }
        }) { try body(of: id, in: queue, $0) }
    }

    private func body(of id: QueueID, in file: FileReader, _ connection: OpaquePointer) throws -> Region? {
        switch try file.rows(connection).body(of: id) {
        case .bytes(let region)?: region
        case .file(let size)?: try bodies.map(id, size: size)
        case nil: nil
        }
    }

    func message(_ id: QueueID, completion: @escaping Completion<StoredMessage?>) {
        messages([id]) { completion($0.map(\.first)) }
    }

    func messages(in states: Set<RecipientState>, after: QueueID?, limit: Int, completion: @escaping Completion<[StoredMessage]>) {
        let queued = states.subtracting([.quarantined])
        let pages = { @Sendable (quarantined: [QueueID]) in
            queue.perform({ result in
                switch result {
                case .failure(let failure): completion(.failure(failure))
                case .success(let ids): messages(Array(Set(ids + quarantined).sorted().prefix(max(0, limit))), completion: completion)
                }
            }) { queued.isEmpty ? [] : try queue.list(queued, after: after, limit: limit, $0) }
        }
        guard states.contains(.quarantined) else { return pages([]) }
        quarantine.perform({ (result: Result<[QueueID], StoreFailure>) in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let ids): pages(ids)
            }
        }) { try quarantine.list([.quarantined], after: after, limit: limit, $0) }
    }

    /// Those of them that are known, in order.
    private func messages(_ ids: [QueueID], completion: @escaping Completion<[StoredMessage]>) {
        queue.perform({ (result: Result<[QueueID: MessageRows.Found], StoreFailure>) in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let found):
                let others = ids.filter { found[$0]?.isSplit ?? true }
                if others.isEmpty { return completion(.success(ids.compactMap { found[$0]?.message })) }
                quarantine.perform(completion) { connection in
                    let rows = quarantine.rows(connection)
                    let hidden = try PreparedStatement(
                        connection, "SELECT place FROM pending WHERE message = ?1 AND kind = \(QuarantineTables.Kind.arrivesNew.rawValue)")
                    var merged = found.mapValues(\.message)
                    for id in others {
                        guard var part = try rows.message(id)?.message else { continue }
                        hidden.bind(1, id.rawValue)
                        var unpromised: Set<Int> = []
                        while try hidden.next() { unpromised.insert(Int(hidden.integer(0))) }
                        if !unpromised.isEmpty { part.recipients.removeAll { unpromised.contains($0.index) } }
                        merged[id] = merged[id].map { $0.merged(with: part) } ?? (part.recipients.isEmpty ? nil : part)
                    }
                    return ids.compactMap { merged[$0] }
                }
            }
        }) { connection in
            let rows = queue.rows(connection)
            var found: [QueueID: MessageRows.Found] = [:]
            for id in ids { found[id] = try rows.message(id) }
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
