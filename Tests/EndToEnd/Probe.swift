import Foundation
import Testing

/// Filters of Tests/SDK, compiled: `probe` does what a message, or a file that exists, tells it; `observer` writes down outcomes.
final class Probe {
    private let folder: TemporaryFolder
    /// The folder with the libraries and their manifests.
    var path: String { folder.path }

    init(_ names: String...) throws {
        folder = try TemporaryFolder()
        for name in names.isEmpty ? ["probe"] : names {
            let source = Tool.tree + "/Tests/SDK/\(name)/\(name)"
            let compiled = try Tool.run([
                "cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(Tool.tree)/SDK/CPostern/include", "-o",
                folder.path + "/\(name).so", source + ".c",
            ])
            try #require(compiled.status == 0, "\(compiled.errors)")
            try FileManager.default.copyItem(atPath: source + ".manifest.json", toPath: folder.path + "/\(name).manifest.json")
        }
    }
}

/// A file whose existence means something to a probe.
final class Switch {
    private let folder: TemporaryFolder
    var path: String { folder.path + "/on" }

    init() throws {
        folder = try TemporaryFolder()
        try Data().write(to: URL(filePath: path))
    }

    func turnOff() throws { try FileManager.default.removeItem(atPath: path) }
}
