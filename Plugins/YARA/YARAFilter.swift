import PosternKit

/// Holds the whole message, each decoded part and each text against rules. While they are compiled it waits; a scan that was not finished
/// is an error, never "no match".
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
        var look = MessageLook(call, message, set, settings)
        try look.run()
        let report = look.report
        let parts = report.findings.isEmpty ? [] : message.parts
        for finding in report.findings {
            call.add(finding.symbol, factor: finding.factor, detail: finding.detail, in: finding.part.map { parts[$0] })
        }
        if let limited = report.limited { call.add(YARASymbols.limit, detail: limited) }
        if let first = set.faults.first {
            call.add(YARASymbols.incomplete, detail: "\(set.faults.count) files of rules are left out, the first: \(first)")
        }
    }
}
