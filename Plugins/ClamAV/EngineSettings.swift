import PosternKit

/// Everything that an engine is made with, and scans with: instances with equal ones share an engine.
struct EngineSettings: Hashable, Sendable {
    /// freshclam's folder.
    var database: String
    /// A folder of signatures of one's own, loaded after it.
    var signatures: String?
    /// How often the folders are looked at.
    var interval: Duration
    var reload: Reload
    /// Bytes that this process may take while two engines are in memory; 0: no limit.
    var memory: Int
    var limits = Limits()
    var options = Options()

    enum Reload: String, Sendable { case beside, hold }

    /// Of one look, at the message or at a part. What is beyond them is told, never taken for clean.
    struct Limits: Hashable, Sendable {
        var scanBytes = 400_000_000
        var fileBytes = 100_000_000
        var files = 10_000
        var depth = 20
        /// No part is begun after it. A second look at the message (`Engine`), or the last part, may take as long again, and must end
        /// within a slot's usual 60 s: whoever is still scanning then is ended with its worker, and tells nothing.
        var time = Duration.seconds(25)
    }

    struct Options: Hashable, Sendable {
        var heuristics = true
        var phishing = true
        var encrypted = true
        var macros = false
        var broken = false
        var unwanted = false
        var bytecode = true
    }

    init(_ settings: Settings) throws(SettingsError) {
        database = try Self.folder(settings, "database") ?? "/var/lib/clamav"
        signatures = try Self.folder(settings, "signatures")
        interval = try settings.duration("check", default: .seconds(10), in: .milliseconds(100) ... .seconds(86_400))
        let text = try settings.string("reload", default: Reload.beside.rawValue)
        guard let reload = Reload(rawValue: text) else { throw settings["reload"]!.error("must be beside or hold") }
        self.reload = reload
        memory = try settings.bytes("memory", default: 0)
        limits.scanBytes = try Self.size(settings, "max_scan_size", limits.scanBytes)
        limits.fileBytes = try Self.size(settings, "max_file_size", limits.fileBytes)
        limits.files = try settings.integer("max_files", default: limits.files, in: 1...1_000_000)
        limits.depth = try settings.integer("max_depth", default: limits.depth, in: 1...100)
        limits.time = try settings.duration("max_scan_time", default: limits.time, in: .milliseconds(100) ... .seconds(3600))
        options.heuristics = try settings.bool("heuristics", default: options.heuristics)
        options.phishing = try settings.bool("phishing", default: options.phishing)
        options.encrypted = try settings.bool("encrypted", default: options.encrypted)
        options.macros = try settings.bool("macros", default: options.macros)
        options.broken = try settings.bool("broken", default: options.broken)
        options.unwanted = try settings.bool("pua", default: options.unwanted)
        options.bytecode = try settings.bool("bytecode", default: options.bytecode)
    }

    var folders: [String] { [database] + (signatures.map { [$0] } ?? []) }

    private static func folder(_ settings: Settings, _ name: String) throws(SettingsError) -> String? {
        guard let setting = settings[name] else { return nil }
        let path = try setting.string()
        if path.isEmpty { return nil }
        guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw setting.error("must be an absolute path of a folder") }
        return path
    }

    /// Beyond 2 GiB libclamav does not look into a file.
    private static func size(_ settings: Settings, _ name: String, _ fallback: Int) throws(SettingsError) -> Int {
        let bytes = try settings.bytes(name, default: fallback)
        guard (1...2_147_483_647).contains(bytes) else { throw settings[name]!.error("must be 1 byte to 2GiB less one") }
        return bytes
    }
}
