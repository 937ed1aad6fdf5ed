import PosternKit

/// The settings, checked for what the schema cannot say.
struct YARASettings: Equatable, Sendable {
    /// Files, folders, patterns: absolute.
    var rules: [String]
    /// How often they are looked at.
    var interval: Duration
    /// What a scan may take: libyara counts in whole seconds.
    var seconds: Int
    /// The factor of a rule whose meta `score` is 100.
    var fullScore: Double
    /// The factor of one that has none.
    var defaultScore: Double

    init(_ settings: Settings) throws(SettingsError) {
        guard let setting = settings["rules"] else { throw settings.error("rules is missing: name a folder of rules") }
        var items: [Settings] = [setting]
        if case .array = setting.value { items = try setting.elements() }
        guard !items.isEmpty else { throw setting.error("must name at least one file, folder or pattern") }
        rules = []
        for item in items {
            let path = try item.string()
            guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw item.error("must be an absolute path") }
            rules.append(path)
        }
        interval = try settings.duration("check", default: .seconds(5), in: .milliseconds(100) ... .seconds(86_400))
        let time = try settings.duration("max_scan_time", default: .seconds(20), in: .seconds(1) ... .seconds(3600))
        seconds = Int(time.components.seconds)
        // A factor beyond a million would be refused, and its match lost; `MatchReport.highestScore` makes ten times the full score possible.
        fullScore = try settings.number("full_score", default: 10, in: 0...1000)
        defaultScore = try settings.number("default_score", default: 5, in: -1000...1000)
    }
}
