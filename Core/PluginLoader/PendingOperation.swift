import Mail

/// Something that a run waits for.
struct PendingOperation {
    var request: ServiceRequest
    var since: Timestamp
    /// nil while it is being started.
    var work: (any ServiceWork)?

    /// `dns A 2.0.0.127.zen.example 1.2s`
    func description(at now: Timestamp) -> String { "\(request) \((now - since).inTenths)" }
}
