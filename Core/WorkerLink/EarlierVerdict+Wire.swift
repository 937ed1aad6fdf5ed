import Mail

/// What filters found before, as it crosses to a worker.
extension WireWriter {
    mutating func earlier(_ verdict: EarlierVerdict) {
        text(verdict.filter)
        u8(UInt8(verdict.phase.rawValue))
        text(verdict.result.rawValue)
        flag(verdict.isRequired)
        list(verdict.proposed) { $0.u32($1.rawValue) }
        text(verdict.detail)
        list(verdict.findings) {
            $0.text($1.symbol)
            $0.number($1.factor)
            $0.number($1.score)
            $0.text($1.detail)
            $0.recipients($1.recipients)
        }
    }
}

extension WireReader {
    mutating func earlier() throws(WireFault) -> EarlierVerdict {
        let filter = try text()
        guard let phase = Phase(rawValue: Int(try u8())), let result = FilterResult(rawValue: try text()) else {
            throw WireFault("an unknown phase or result")
        }
        let isRequired = try flag()
        let proposed = try list(most: EarlierVerdict.Kind.allCases.count) { (reader) throws(WireFault) in
            guard let kind = EarlierVerdict.Kind(rawValue: try reader.u32()) else { throw WireFault("an unknown action") }
            return kind
        }
        let detail = try text()
        let findings = try list(most: 1 << 16) { (reader) throws(WireFault) in
            EarlierVerdict.Finding(
                symbol: try reader.text(), factor: try reader.number(), score: try reader.number(), detail: try reader.text(),
                recipients: try reader.recipients())
        }
        return EarlierVerdict(
            filter: filter, phase: phase, result: result, isRequired: isRequired, proposed: Set(proposed), detail: detail,
            findings: findings)
    }
}
