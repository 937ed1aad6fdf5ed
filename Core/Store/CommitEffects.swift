import Mail

/// What a transaction means beside its file; counts once it is committed.
struct CommitEffects {
    var counts = CopyCounts()
    /// In order: messages that came with a body that is a file, and messages that are not in this file any more.
    var bodies: [(id: QueueID, isNeeded: Bool)] = []
    /// The highest queue ID among those that came.
    var newest: QueueID?

    mutating func came(_ id: QueueID) { newest = max(newest ?? id, id) }
}
