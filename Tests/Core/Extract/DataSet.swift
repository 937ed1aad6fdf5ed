import Foundation

/// Public test data, where it is at hand: POSTERN_TESTDATA, or ../shared/data beside the repository.
enum DataSet {
    static let root = ProcessInfo.processInfo.environment["POSTERN_TESTDATA"] ?? "../shared/data"

    static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + path) }

    static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: root + "/" + path)) }

    /// All plain files below a folder, in order.
    static func files(_ folder: String) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: root + "/" + folder) else { return [] }
        var found: [String] = []
        for case let name as String in walk {
            var isFolder: ObjCBool = false
            let path = folder + "/" + name
            if FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder), !isFolder.boolValue { found.append(path) }
        }
        return found.sorted()
    }
}
