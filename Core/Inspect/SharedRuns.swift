import Mail

/// One scan, many dispositions: for which recipients of a message a run of an instance holds, by the manifest's declared scope.
struct SharedRuns {
    /// Two slots with equal keys share one run.
    struct Key: Hashable {
        let instance: String
        /// Empty, a domain, or a recipient's index: as narrow as the scope.
        let part: String
    }

    private var audiences: [Key: RecipientSet] = [:]

    static func key(_ planned: PlannedSlot, domain: String, recipient: Int?) -> Key {
        let manifest = planned.instance.manifest
        // What it knows differs from domain to domain.
        let isTheDomains = manifest.names(FilterManifest.Service.state) || manifest.names(FilterManifest.Service.verdicts)
        let part =
            switch manifest.scope {
            case .session, .message: isTheDomains ? domain : ""
            case .domain: domain
            case .recipient: recipient.map(String.init) ?? domain
            }
        return Key(instance: planned.instance.key, part: part)
    }

    /// Notes that `recipients` will share the run of `key`, before it starts.
    mutating func add(_ recipients: [Int], to key: Key) {
        var set = audiences[key] ?? .none
        for index in recipients { set.insert(index) }
        audiences[key] = set
    }

    func audience(of key: Key) -> RecipientSet { audiences[key] ?? .none }
}
