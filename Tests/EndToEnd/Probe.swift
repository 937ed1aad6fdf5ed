import Foundation
import Testing

/// A filter of Tests/SDK, compiled: `probe` does what a message, or a file that exists, tells it.
final class Probe {
    private let folder: TemporaryFolder
    /// The folder with the library and its manifest.
    var path: String { folder.path }

    init(_ name: String = "probe") throws {
        folder = try TemporaryFolder()
        let source = Tool.tree + "/Tests/SDK/\(name)/\(name)"
        let compiled = try Tool.run([
            "cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(Tool.tree)/SDK/CPostern/include", "-o",
            folder.path + "/\(name).so", source + ".c",
        ])
        try #require(compiled.status == 0, "\(compiled.errors)")
        try FileManager.default.copyItem(atPath: source + ".manifest.json", toPath: folder.path + "/\(name).manifest.json")
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
