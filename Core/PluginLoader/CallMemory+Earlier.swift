import CPostern
import Mail

/// `postern.verdicts/1`: what was found before, as C asks for it.
extension CallMemory {
    /// Made when first asked for.
    struct Earlier {
        var verdicts: [postern_earlier_verdict] = []
        var findings: [postern_finding] = []
    }

    func earlierVerdict(_ index: UInt32, _ out: UnsafeMutablePointer<postern_earlier_verdict>?) -> postern_status {
        guard let out, out.pointee.size >= 8, index < earlier.verdicts.count else { return POSTERN_INVALID }
        out.pointee.size = Self.copy(earlier.verdicts[Int(index)], to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    func finding(_ index: UInt32, _ out: UnsafeMutablePointer<postern_finding>?) -> postern_status {
        guard let out, out.pointee.size >= 8, index < earlier.findings.count else { return POSTERN_INVALID }
        out.pointee.size = Self.copy(earlier.findings[Int(index)], to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    func makeEarlier() -> Earlier {
        let verdicts = facts.earlier
        var capacity = 64
        for verdict in verdicts {
            capacity += verdict.filter.utf8.count + verdict.detail.utf8.count
            for finding in verdict.findings {
                capacity += finding.symbol.utf8.count + finding.detail.utf8.count + 8 * (finding.recipients.words?.count ?? 0) + 16
            }
        }
        var writer = make(capacity)
        // First what must be aligned.
        let masks = verdicts.map { $0.findings.map { Self.mask($0.recipients, &writer) } }
        var earlier = Earlier()
        for (place, verdict) in verdicts.enumerated() {
            var v = postern_earlier_verdict()
            v.flags = Self.flags(verdict)
            v.phase = UInt32(verdict.phase.rawValue)
            v.result = Self.result(verdict.result)
            v.filter = writer.text(verdict.filter)
            v.detail = writer.text(verdict.detail)
            earlier.verdicts.append(v)
            for (number, finding) in verdict.findings.enumerated() {
                var f = postern_finding()
                f.verdict = UInt32(place)
                f.symbol = writer.text(finding.symbol)
                f.factor = finding.factor
                f.score = finding.score
                f.detail = writer.text(finding.detail)
                f.recipients = masks[place][number]
                earlier.findings.append(f)
            }
        }
        return earlier
    }

    private static func mask(_ set: RecipientSet, _ writer: inout BlockWriter) -> postern_mask {
        guard let words = set.words else { return postern_mask() }
        let copy = writer.make(UInt64.self, count: max(words.count, 1))
        for (i, word) in words.enumerated() { copy[i] = word }
        return postern_mask(words: copy, count: UInt32(words.count), reserved: 0)
    }

    private static func flags(_ verdict: EarlierVerdict) -> UInt32 {
        var flags = verdict.isRequired ? POSTERN_VERDICT_REQUIRED : 0
        for kind in verdict.proposed {
            switch kind {
            case .reject: flags |= POSTERN_VERDICT_REJECT
            case .defer: flags |= POSTERN_VERDICT_DEFER
            case .quarantine: flags |= POSTERN_VERDICT_QUARANTINE
            case .discard: flags |= POSTERN_VERDICT_DISCARD
            }
        }
        return flags
    }

    private static func result(_ result: FilterResult) -> UInt32 {
        switch result {
        case .done: POSTERN_RESULT_DONE
        case .error, .cancelled: POSTERN_RESULT_ERROR
        case .timeout: POSTERN_RESULT_TIMEOUT
        case .crash: POSTERN_RESULT_CRASH
        }
    }
}
