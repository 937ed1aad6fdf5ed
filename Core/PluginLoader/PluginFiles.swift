import Foundation
import Mail

/// A plugin as it lies in a folder: NAME.manifest.json and NAME.so beside it. Nothing of it has run.
public struct PluginFiles: Sendable {
    public var manifest: FilterManifest
    /// As it was read: a worker reads it again.
    public var manifestBytes: [UInt8]
    public var manifestPath: String
    public var libraryPath: String

    /// Looks into each folder, in order. A folder that is not there, a bad manifest, a missing library, and a second plugin of one ID are
    /// failures; the rest is found all the same.
    public static func discover(in folders: [String]) -> (found: [PluginFiles], failures: [LoadFailure]) {
        var found: [PluginFiles] = []
        var failures: [LoadFailure] = []
        for folder in folders {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
                failures.append(LoadFailure(folder, "is no folder that can be read"))
                continue
            }
            for name in names.sorted() where name.hasSuffix(suffix) {
                let path = folder + "/" + name
                do throws(LoadFailure) {
                    let files = try PluginFiles(manifestPath: path)
                    if let other = found.first(where: { $0.manifest.id == files.manifest.id }) {
                        throw LoadFailure(path, "the ID '\(files.manifest.id)' is taken by \(other.manifestPath)")
                    }
                    found.append(files)
                } catch {
                    failures.append(error)
                }
            }
            for name in names.sorted() where name.hasSuffix(".so") && !names.contains(name.dropLast(3) + suffix) {
                failures.append(LoadFailure(folder + "/" + name, "has no \(name.dropLast(3))\(suffix) beside it"))
            }
        }
        return (found, failures)
    }

    private static let suffix = ".manifest.json"

    public init(manifestPath: String) throws(LoadFailure) {
        self.manifestPath = manifestPath
        libraryPath = manifestPath.dropLast(Self.suffix.count) + ".so"
        guard let data = FileManager.default.contents(atPath: manifestPath) else { throw LoadFailure(manifestPath, "cannot be read") }
        manifestBytes = Array(data)
        manifest = try ManifestReader.parse(data, path: manifestPath)
        guard FileManager.default.fileExists(atPath: libraryPath) else {
            throw LoadFailure(libraryPath, "is missing; \(manifestPath) describes it")
        }
    }
}
