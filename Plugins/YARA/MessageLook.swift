import PosternKit

/// One message held against rules: as it came, then part by part, then the texts of parts. What follows the message is begun only while its
/// time lasts; that something was left out is told.
struct MessageLook {
    private let call: Call
    private let message: Message
    private let rules: RuleSet
    private let variables: ScanVariables
    private let seconds: Int
    private let began = ContinuousClock.now
    private(set) var report: MatchReport

    init(_ call: Call, _ message: Message, _ rules: RuleSet, _ settings: YARASettings) {
        self.call = call
        self.message = message
        self.rules = rules
        variables = ScanVariables(call, message: message)
        seconds = settings.seconds
        report = MatchReport(fullScore: settings.fullScore, defaultScore: settings.defaultScore)
    }

    mutating func run() throws {
        try message.withBytes { bytes in
            try rules.scan(bytes, variables, seconds: seconds, into: &report) { [call] in call.isCancelled }
        }
        let parts = message.parts
        for bytes in LabelledBytes.of(parts) {
            let place = "part \(bytes.part.path)"
            report.part = bytes.part.index
            if bytes.isCut { report.limited = "\(place) has more than \(LabelledBytes.most) names" }
            guard try bytes.part.withBytes({ try scan($0, bytes.labels, place) }) else { return }
        }
        for text in message.texts where text.count > 0 {
            let part = parts.indices.contains(text.part) ? parts[text.part] : nil
            report.part = part?.index
            let place = "\(text.source) text of part \(part?.path ?? "")"
            let labels = part.map(FileLabel.all) ?? [FileLabel(name: "", type: "")]
            guard try text.withBytes({ try scan($0, labels, place) }) else { return }
        }
    }

    /// By all rules with the first label, by those that ask for labels with the others. False: the time is over.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer, _ labels: [FileLabel], _ place: String) throws -> Bool {
        for (index, label) in labels.enumerated() where index == 0 || rules.asksForLabels {
            guard ContinuousClock.now - began < .seconds(seconds) else {
                report.limited = "max_scan_time was over before \(place)"
                return false
            }
            let named = index == 0 ? place : "\(place) as \(label.name)"
            try rules.scan(
                bytes, variables.naming(label), by: index == 0 ? .all : .ofLabels, seconds: seconds, in: named, into: &report
            ) { [call] in call.isCancelled }
        }
        return true
    }
}
