import Foundation
import GatewayTestKit
import Testing

/// Filters of Tests/SDK, compiled: `probe` does what a message, or a file that exists, tells it; `observer` writes down outcomes; `faulty` commits
/// faults in a worker; `hostile` tries to leave it; `router` judges ways and servers.
final class Probe {
    private let folder: TemporaryFolder
    /// The folder with the libraries and their manifests.
    var path: String { folder.path }

    /// `options`: more of the compiler's.
    init(_ names: String..., options: [String] = []) throws {
        folder = try TemporaryFolder()
        for name in names.isEmpty ? ["probe"] : names {
            try compile(name, options: options)
            try FileManager.default.copyItem(
                atPath: "\(Tool.tree)/Tests/SDK/\(name)/\(name).manifest.json", toPath: folder.path + "/\(name).manifest.json")
        }
    }

    /// `build`: what the macro POSTERN_BUILD says; `options`: more of the compiler's. The library is replaced by renaming.
    func compile(_ name: String, build: String = "0", options: [String] = []) throws {
        let library = folder.path + "/\(name).so"
        let compiled = try Tool.run(
            [
                "cc", "-D_GNU_SOURCE", "-DPOSTERN_BUILD=\"\(build)\"", "-shared", "-fPIC", "-fvisibility=hidden",
                "-I\(Tool.tree)/SDK/CPostern/include", "-o", library + ".new", "\(Tool.tree)/Tests/SDK/\(name)/\(name).c",
            ] + options)
        try #require(compiled.status == 0, "\(compiled.errors)")
        try #require(rename(library + ".new", library) == 0)
    }

    func changeManifest(_ name: String, _ text: String, to other: String) throws {
        let path = folder.path + "/\(name).manifest.json"
        let manifest = try String(contentsOfFile: path, encoding: .utf8)
        try #require(manifest.contains(text))
        try manifest.replacingOccurrences(of: text, with: other).write(toFile: path, atomically: true, encoding: .utf8)
    }
}

/// A file whose existence means something to a probe.
final class Switch {
    private let folder: TemporaryFolder
    var path: String { folder.path + "/on" }

    init() throws {
        folder = try TemporaryFolder()
        // A worker's user reads it too.
        chmod(folder.path, 0o755)
        try Data().write(to: URL(filePath: path))
    }

    func turnOff() throws { try FileManager.default.removeItem(atPath: path) }
}
