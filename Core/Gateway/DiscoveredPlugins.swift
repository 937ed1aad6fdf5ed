import Mail
import PluginLoader

/// The manifests in the plugin folders, read without loading a library: what settings are checked against.
struct DiscoveredPlugins: FilterCatalogue {
    private let manifests: [String: FilterManifest]
    let failures: [LoadFailure]

    init(folders: [String]) {
        let (found, failures) = PluginFiles.discover(in: folders)
        manifests = Dictionary(found.map { ($0.manifest.id, $0.manifest) }, uniquingKeysWith: { first, _ in first })
        self.failures = failures
    }

    func manifest(of plugin: String) -> FilterManifest? { manifests[plugin] }

    /// Its files are named after it.
    func trouble(with plugin: String) -> String? {
        let names = ["/\(plugin).manifest.json", "/\(plugin).so"]
        return failures.first { failure in names.contains { failure.path.hasSuffix($0) } }?.description
    }

    var pluginNames: [String] { manifests.keys.sorted() }
}
