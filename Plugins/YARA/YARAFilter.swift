import PosternKit

/// Holds the whole message, each decoded part and each text against rules. While they are compiled it waits; a scan that was not finished is an error, never "no match".
struct YARAFilter: Filter {
    let settings: YARASettings
    let rules: FileBacked<RuleFiles>

    init(settings: Settings, host: Host) throws {
        self.settings = try YARASettings(settings)
        rules = FileBacked(RuleFiles(self.settings) { host.log(.error, $0) }, every: self.settings.interval, host: host)
    }

    /// Compiles the rules, to name every bad one.
    static func check(settings: Settings, host: Host) throws {
        let checked = try YARASettings(settings)
        let faults = RuleFiles(checked) { _ in }.check()
        if !faults.isEmpty { throw SettingsProblems(faults.prefix(50).map { SettingsError(pointer: "/rules", text: $0.description) }) }
    }

    func data(_ call: Call) async throws {
        guard let message = call.message else { return }
        let set = try await call.value(of: rules)
        let variables = ScanVariables(call, message: message)
        let began = ContinuousClock.now
        var report = MatchReport(fullScore: settings.fullScore, defaultScore: settings.defaultScore)
        try message.withBytes { bytes in
            try set.scan(bytes, variables, seconds: settings.seconds, into: &report) { call.isCancelled }
        }
        let parts = message.parts
        var seen: Set<[UInt8]> = []
        func isLate(_ place: String) -> Bool {
            guard ContinuousClock.now - began >= .seconds(settings.seconds) else { return false }
            report.limited = "max_scan_time was over before \(place)"
            return true
        }
        for part in parts where part.kind == .leaf && part.count > 0 && seen.insert(part.sha256).inserted {
            if isLate("part \(part.path)") { break }
            try part.withBytes { bytes in
                let variables = variables.naming(part)
                try set.scan(bytes, variables, seconds: settings.seconds, in: "part \(part.path)", into: &report) { call.isCancelled }
            }
        }
        for text in message.texts where text.count > 0 {
            let part = parts.indices.contains(text.part) ? parts[text.part] : nil
            let variables = part.map(variables.naming) ?? variables
            if isLate("the text of part \(part?.path ?? "")") { break }
            try text.withBytes { bytes in
                let place = "\(text.source) text of part \(part?.path ?? "")"
                try set.scan(bytes, variables, seconds: settings.seconds, in: place, into: &report) { call.isCancelled }
            }
        }
        for finding in report.findings { call.add(finding.symbol, factor: finding.factor, detail: finding.detail) }
        if let limited = report.limited { call.add(YARASymbols.limit, detail: limited) }
        if let first = set.faults.first {
            call.add(YARASymbols.incomplete, detail: "\(set.faults.count) files of rules are left out, the first: \(first)")
        }
    }
}
