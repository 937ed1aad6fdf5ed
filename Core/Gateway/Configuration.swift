import Deliver
import Foundation
import HTTPClient
import Mail
import Settings

/// Where the configuration is, and how it is read: the same for `run`, `check` and `scan`.
struct Configuration {
    let folder: String
    let isDemonstration: Bool
    let loader: SettingsLoader

    /// nil: the demonstration, whose files are written to ./.postern/config unless they are there.
    init(_ folder: String?) throws {
        loader = Self.makeLoader()
        isDemonstration = folder == nil
        if let folder {
            self.folder = folder
            return
        }
        self.folder = Self.demonstrationFolder
        let plugins = Self.builtPlugins
        let found = DiscoveredPlugins(folders: plugins)
        try DemonstrationSettings.write(to: self.folder, pluginFolders: plugins) { found.manifest(of: $0) != nil }
    }

    static func makeLoader() -> SettingsLoader {
        SettingsLoader(
            catalogue: { DiscoveredPlugins(folders: $0) }, clientCertificateProblem: ClientCertificateCheck.problem,
            trustRootsProblem: PooledFetcher.problem(withTrustRoots:))
    }

    static let demonstrationFolder = ".postern/config"

    func load() throws -> GatewaySettings {
        switch loader.load(folder: folder, generation: 1) {
        case .success(let settings): return settings
        case .failure(let errors): throw StartFailure("\(errors)")
        }
    }

    /// The plugins of the tree that this executable was built or installed in: PREFIX/plugins, or PREFIX/lib/postern/plugins, and its examples.
    private static var builtPlugins: [String] {
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let prefix = URL(fileURLWithPath: executable).deletingLastPathComponent().deletingLastPathComponent().path
        return [prefix + "/plugins", prefix + "/lib/postern/plugins", prefix + "/examples"].filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }
}

/// `postern check`.
public enum ConfigurationCheck {
    /// Every problem of the files, and of what the plugins themselves say of their settings. Errors and warnings.
    public static func check(folder: String) -> [SettingsProblem] {
        let loader = Configuration.makeLoader()
        let settings: GatewaySettings
        switch loader.load(folder: folder, generation: 1) {
        case .failure(let errors): return errors.problems
        case .success(let loaded): settings = loaded
        }
        var problems = settings.warnings
        let place = SettingsPlace(file: folder + "/postern.yaml")
        for failure in DiscoveredPlugins(folders: settings.plugins).failures {
            problems.append(SettingsProblem(.warning, at: place, "a plugin cannot be used: \(failure)", mend: "mend or remove it"))
        }
        do {
            _ = try Filters(settings, resolver: SilentResolver())
        } catch {
            problems.append(SettingsProblem(at: place, "a filter cannot be set up: \(error)", mend: "correct its settings or its plugin"))
        }
        problems += Certificates.problems(settings, at: SystemClock().now)
        return problems
    }

    /// The control socket that a configuration names; the demonstration's for nil.
    public static func controlSocket(folder: String?) throws -> String {
        guard let folder else { return ".postern/postern.sock" }
        let loader = SettingsLoader { DiscoveredPlugins(folders: $0) }
        switch loader.load(folder: folder, generation: 1) {
        case .success(let settings): return settings.control
        case .failure(let errors): throw StartFailure("\(errors)")
        }
    }
}

/// Asks nobody: for checking settings.
struct SilentResolver: Resolver {
    private struct Nothing: DNSQuery { func cancel() {} }

    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        completion(DNSAnswer(status: .failed, detail: "no resolver"))
        return Nothing()
    }
}
