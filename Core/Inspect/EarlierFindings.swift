import Mail

/// What a filter is told of those before it.
enum EarlierFindings {
    /// Of `verdicts` what concerns `recipients`, for a plugin that asks for it. `scores`: the domain's weights.
    static func of(
        _ verdicts: [Verdict], for planned: PlannedSlot, concerning recipients: RecipientSet, scores: [String: Double] = [:]
    ) -> [EarlierVerdict] {
        guard planned.instance.manifest.names(FilterManifest.Service.verdicts) else { return [] }
        return verdicts.compactMap { verdict in
            EarlierVerdict(verdict, concerning: recipients) { ($0.factor * (scores[$0.name] ?? $0.defaultScore)) }
        }
    }
}
