import Foundation
import Testing

/// Public test data, where it is at hand: POSTERN_TESTDATA, or ../shared/data beside the repository.
enum DataSet {
    /// nil, and a line that says so: not there.
    static func data(_ path: String) -> Data? {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardizedFileURL
        let root =
            ProcessInfo.processInfo.environment["POSTERN_TESTDATA"].map { URL(filePath: $0) }
            ?? repository.appending(path: "../shared/data").standardizedFileURL
        if let data = try? Data(contentsOf: root.appending(path: path)) { return data }
        print("skipped: no test data \(path) under \(root.path); set POSTERN_TESTDATA")
        return nil
    }

    static func json<T: Decodable>(_ path: String, as type: T.Type) throws -> T? {
        try data(path).map { try JSONDecoder().decode(T.self, from: $0) }
    }

    static func lines(_ path: String) -> [String]? {
        data(path).map { String(decoding: $0, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    }
}

/// What a data set expects beside what we do. Every difference is listed with its reason; one that is not, and a reason that is not
/// needed any more, fail.
struct Comparison {
    let reasons: [String: String]
    private(set) var rows = 0
    private(set) var differing: Set<String> = []

    init(reasons: [String: String]) { self.reasons = reasons }

    mutating func row(_ id: String, expected: String, ours: String, _ input: String, location: SourceLocation = #_sourceLocation) {
        rows += 1
        guard expected != ours else { return }
        differing.insert(id)
        #expect(reasons[id] != nil, "\(id): \(input): expected \(expected), is \(ours)", sourceLocation: location)
    }

    func finish(location: SourceLocation = #_sourceLocation) {
        for id in reasons.keys.sorted() where !differing.contains(id) {
            Issue.record("\(id) is as expected now: its reason is not needed", sourceLocation: location)
        }
    }
}
