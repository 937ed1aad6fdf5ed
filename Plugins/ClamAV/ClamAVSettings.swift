import PosternKit

/// The settings, checked for what the schema cannot say.
struct ClamAVSettings: Hashable, Sendable {
    var engine: EngineSettings
    var action: Action

    /// What is proposed beside the symbol. It is the domain's thresholds that decide with `none`.
    enum Action: String, Sendable { case none, quarantine, reject }

    init(_ settings: Settings) throws(SettingsError) {
        engine = try EngineSettings(settings)
        let text = try settings.string("action", default: Action.none.rawValue)
        guard let action = Action(rawValue: text) else { throw settings["action"]!.error("must be none, quarantine or reject") }
        self.action = action
    }
}
