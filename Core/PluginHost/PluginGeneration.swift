import Mail
import PluginLoader
import Synchronization

/// A library as it was loaded once, in one home.
protocol PluginGeneration: AnyObject, Sendable {
    var number: Int { get }
    /// SHA-256 of the library, in hex.
    var digest: String { get }
    var manifest: FilterManifest { get }
    /// Instances that are held.
    var instanceCount: Int { get }
    /// What holds it, in words, and where: `postern plugin list`.
    var cage: [String] { get }
    var pid: Int32? { get }
    /// Of its workers; nil where it has none.
    var workerLimits: WorkerLimits? { get }
    /// The last that it was given.
    var rest: PluginRest? { get }

    /// `digest`: of the settings.
    func makeInstance(_ settings: JSONValue, digest: String) -> Result<any FilterInstance, SettingsRefusal>
    func check(_ settings: JSONValue) -> [SettingsProblem]
}
