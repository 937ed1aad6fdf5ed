import Mail

extension Verdict {
    /// What it found and proposed, for people: a shadow's findings have no other place. At most thirty.
    var shadowFindings: [String] {
        let found = symbols.map { "\($0.name)(\(scoreText($0.defaultScore * $0.factor)))" }
        let proposed = proposals.map { proposal in
            switch proposal.action {
            case .reject: "reject"
            case .defer: "defer"
            case .quarantine: "quarantine"
            case .discard: "discard"
            case .addHeader(let name, _): "header \(name)"
            }
        }
        return Array((found + proposed).prefix(30))
    }
}
