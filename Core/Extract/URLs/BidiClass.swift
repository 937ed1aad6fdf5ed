/// Bidirectional classes, and the rule for names that have right-to-left letters (RFC 5893 section 2).
enum BidiClass: UInt8 {
    case L, R, AL, AN, EN, ES, CS, ET, ON, BN, NSM, other

    private static let runs = CodePointRuns(DomainTables.bidiClasses, kinds: 12)

    static func of(_ scalar: Unicode.Scalar) -> BidiClass { BidiClass(rawValue: runs[scalar])! }

    /// Whether it makes a name bidirectional.
    static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x590 else { return false }
        return [.R, .AL, .AN].contains(of(scalar))
    }

    /// Whether a label of a bidirectional name keeps the rule.
    static func accepts(_ label: some Collection<Unicode.Scalar>) -> Bool {
        let classes = label.map(of)
        guard let first = classes.first else { return true }
        let last = classes.last { $0 != .NSM } ?? .other
        switch first {
        case .R, .AL:
            let allowed: Set<BidiClass> = [.R, .AL, .AN, .EN, .ES, .CS, .ET, .ON, .BN, .NSM]
            return classes.allSatisfy(allowed.contains) && [.R, .AL, .EN, .AN].contains(last)
                && !(classes.contains(.EN) && classes.contains(.AN))
        case .L:
            let allowed: Set<BidiClass> = [.L, .EN, .ES, .CS, .ET, .ON, .BN, .NSM]
            return classes.allSatisfy(allowed.contains) && [.L, .EN].contains(last)
        default: return false
        }
    }
}
