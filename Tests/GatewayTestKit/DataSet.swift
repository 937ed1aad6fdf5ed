import Foundation

/// Public test data, where it is at hand: POSTERN_TESTDATA, or ../shared/data beside the repository. Tests are enabled by `isThere`, so that the report says
/// what was left out; of a set that is there everything must be.
public enum DataSet {
    public static let root: URL = {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        return ProcessInfo.processInfo.environment["POSTERN_TESTDATA"].map { URL(filePath: $0) }
            ?? repository.appending(path: "../shared/data").standardizedFileURL
    }()

    public static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.appending(path: path).path) }

    public static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: root.appending(path: path))) }

    public static func json<T: Decodable>(_ path: String, as type: T.Type) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(bytes(path)))
    }

    public static func lines(_ path: String) throws -> [String] {
        String(decoding: try bytes(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// All plain files below a folder whose names end so, in order.
    public static func files(_ folder: String, suffix: String = "") throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path).sorted().compactMap { name in
            let path = "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            guard name.hasSuffix(suffix), FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
            else { return nil }
            return isFolder.boolValue ? nil : path
        }
    }
}
