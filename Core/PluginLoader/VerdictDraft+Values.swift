import CPostern
import Mail

/// Findings that come from a worker as values: held to the same rules as those that come through the ABI.
extension VerdictDraft {
    public func add(symbol name: String, factor: Double, detail: String, part: String, recipients: RecipientSet) {
        if phase >= .route { return }
        guard symbols.count < Most.symbols else { return note(.flood, "more than \(Most.symbols) symbols") }
        guard (1...Most.nameBytes).contains(name.utf8.count), name.utf8.allSatisfy(DeclaredSymbols.allows), factor.isFinite,
            abs(factor) <= 1e6
        else { return note(.invalid, "a symbol with a bad name or factor") }
        guard let score = rules.symbols.score(of: name) else { return note(.symbol, "undeclared symbol \(name)") }
        append(
            Symbol(
                name: name, factor: factor, defaultScore: score, detail: Self.clean(detail, Most.detailBytes), part: self.part(at: part),
                recipients: recipients.intersection(scope)))
    }

    public func add(_ proposal: Proposal) {
        var isReply = false
        switch proposal.action {
        case .reject, .defer: isReply = true
        default: break
        }
        if !Self.mayPropose(in: phase, isReply: isReply) { return }
        let right: FilterManifest.Right
        var action = proposal.action
        switch proposal.action {
        case .reject: right = .reject
        case .defer: right = .defer
        case .quarantine(let reason): (right, action) = (.quarantine, .quarantine(reason: Self.clean(reason, Most.detailBytes)))
        case .discard(let reason): (right, action) = (.discard, .discard(reason: Self.clean(reason, Most.detailBytes)))
        case .addHeader(let name, let value):
            right = .addHeaders
            guard Self.isHeader(name: name.utf8, value: value.utf8) else { return note(.invalid, "a bad header field") }
        }
        guard proposals.count < Most.proposals + Most.headers else { return note(.flood, "too many proposals") }
        guard rules.rights.contains(right) else { return note(.right, "no right to \(right.rawValue)") }
        append(Proposal(action, recipients: proposal.recipients.intersection(scope)))
    }

    static func clean(_ text: String, _ most: Int) -> String {
        var text = text
        return text.withUTF8 { postern_bytes(data: $0.baseAddress, length: UInt64($0.count)).text(upTo: most) }
    }
}
