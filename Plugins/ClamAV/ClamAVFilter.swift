import PosternKit

/// Has libclamav look at the whole message, at all names of its parts, and at each part by itself: what its reading of the message missed,
/// it may find there. A message is judged by a database or not at all: while there is none it waits, and an error of the scan is an error
/// of the filter, never a clean message.
struct ClamAVFilter: Filter {
    let settings: ClamAVSettings
    let database: FileBacked<Database>

    init(settings: Settings, host: Host) throws {
        self.settings = try ClamAVSettings(settings)
        database = LoadedDatabases.shared.database(self.settings.engine, host: host)
    }

    /// Without loading anything.
    static func check(settings: Settings, host: Host) throws { _ = try ClamAVSettings(settings) }

    func data(_ call: Call) async throws {
        guard let message = call.message else { return }
        let engine = try await call.value(of: database)
        var report = ScanReport()
        let began = ContinuousClock.now
        try message.withBytes { bytes in
            try engine.scan(bytes, as: .message, into: &report) { call.isCancelled }
        }
        let parts = message.parts
        try look(at: names(of: parts, &report), engine, &report, call)
        var seen: Set<[UInt8]> = []
        for part in parts where part.kind == .leaf && part.count > 0 && seen.insert(part.sha256).inserted {
            // One look more may take as long again, and all must end within the slot's time.
            guard ContinuousClock.now - began < settings.engine.limits.time else {
                report.add("Heuristics.Limits.Exceeded (max_scan_time of the message, before part \(part.path))")
                break
            }
            report.part = part.index
            try part.withBytes { bytes in
                try engine.scan(bytes, as: .part(name: part.names.first), into: &report) { call.isCancelled }
            }
        }
        tell(call, report, parts)
    }

    /// Each once.
    private func names(of parts: [Part], _ report: inout ScanReport) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for name in parts.lazy.flatMap(\.names) where !name.isEmpty && seen.insert(name).inserted {
            guard names.count < NamesMessage.most else {
                report.add("Heuristics.Limits.Exceeded (more than \(NamesMessage.most) names)")
                break
            }
            names.append(name)
        }
        return names
    }

    private func look(at names: [String], _ engine: Engine, _ report: inout ScanReport, _ call: Call) throws {
        // The message that holds them counts as a file too.
        let together = max(1, min(NamesMessage.mostTogether, settings.engine.limits.files - 1))
        for message in NamesMessage.all(of: names, together: together) {
            try message.bytes.withUnsafeBytes { bytes in
                try engine.scan(bytes, as: .message, into: &report) { call.isCancelled }
            }
        }
    }

    private func tell(_ call: Call, _ report: ScanReport, _ parts: [Part]) {
        var virus: String?
        for finding in report.findings {
            call.add(finding.symbol, detail: finding.signature, in: finding.part.map { parts[$0] })
            if finding.kind == .virus { virus = virus ?? finding.signature }
        }
        guard let virus else { return }
        switch settings.action {
        case .none: break
        case .quarantine: call.propose(.quarantine(reason: "infected: \(virus)"))
        case .reject: call.propose(.reject(code: 554, subject: 7, detail: 1, text: "Message contains malware"))
        }
    }
}
