/// What the scans of one message found, bounded: an archive may hold ten thousand viruses. Pure.
struct ScanReport: Equatable, Sendable {
    private(set) var findings: [Finding] = []
    /// The part that is looked at, among the message's; nil: the message as a whole.
    var part: Int?

    /// Different signatures told of one message.
    static let most = 32

    mutating func add(_ signature: String) {
        if let known = findings.firstIndex(where: { $0.signature == signature }) {
            // What the message has as a whole, one of its parts may turn out to have.
            findings[known].part = findings[known].part ?? part
            return
        }
        var finding = Finding(signature)
        finding.part = part
        // That something was not looked at is told once, in the first one's words, and always.
        if finding.kind == .limit || finding.kind == .encrypted {
            if !findings.contains(where: { $0.kind == finding.kind }) { findings.append(finding) }
        } else if findings.count < Self.most {
            findings.append(finding)
        }
    }
}
