import PosternKit

/// Has libclamav look at the whole message, and at each part by itself: what its reading of the message missed, it may find there. A message is judged by a database or not at all: while there is none it waits, and an error of the
/// scan is an error of the filter, never a clean message.
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
        var seen: Set<[UInt8]> = []
        for part in message.parts where part.kind == .leaf && part.count > 0 && seen.insert(part.sha256).inserted {
            // One look more may take as long again, and all must end within the slot's time.
            guard ContinuousClock.now - began < settings.engine.limits.time else {
                report.add("Heuristics.Limits.Exceeded (max_scan_time of the message, before part \(part.path))")
                break
            }
            try part.withBytes { bytes in
                try engine.scan(bytes, as: .part(name: part.names.first), into: &report) { call.isCancelled }
            }
        }
        tell(call, report)
    }

    private func tell(_ call: Call, _ report: ScanReport) {
        var virus: String?
        for finding in report.findings {
            call.add(finding.symbol, detail: finding.signature)
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
