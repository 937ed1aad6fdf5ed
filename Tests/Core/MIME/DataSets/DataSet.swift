import Foundation

/// Public test data, where it is at hand: POSTERN_TESTDATA, or ../shared/data beside the repository.
enum DataSet {
    static let root: URL = {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardizedFileURL
        return ProcessInfo.processInfo.environment["POSTERN_TESTDATA"].map { URL(filePath: $0) }
            ?? repository.appending(path: "../shared/data").standardizedFileURL
    }()

    /// nil, and a line that says so: not there.
    static func bytes(_ path: String) -> [UInt8]? {
        if let data = try? Data(contentsOf: root.appending(path: path)) { return [UInt8](data) }
        print("skipped: no test data \(path) under \(root.path); set POSTERN_TESTDATA")
        return nil
    }

    /// Files below a folder whose names end so, sorted; none where it is absent.
    static func files(_ folder: String, suffix: String) -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
        if names.isEmpty { print("skipped: no test data \(folder) under \(root.path); set POSTERN_TESTDATA") }
        return names.filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
    }
}
