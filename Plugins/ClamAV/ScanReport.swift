/// What the scans of one message found, bounded: an archive may hold ten thousand viruses. Pure.
struct ScanReport: Equatable, Sendable {
    private(set) var findings: [Finding] = []

    /// Different signatures told of one message.
    static let most = 32

    mutating func add(_ signature: String) {
        let finding = Finding(signature)
        if findings.contains(finding) { return }
        // That something was not looked at is told once, in the first one's words, and always.
        if finding.kind == .limit || finding.kind == .encrypted {
            if !findings.contains(where: { $0.kind == finding.kind }) { findings.append(finding) }
        } else if findings.count < Self.most {
            findings.append(finding)
        }
    }
}
