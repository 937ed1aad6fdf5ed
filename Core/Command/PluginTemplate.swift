import Foundation

/// One of the SDK's examples, copied under another name. The file names and texts of an example speak of itself by one word, `hello-LANGUAGE`, and
/// of the SDK by its place in the source tree.
struct PluginTemplate {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let language: String
    /// Absolute.
    private let sdk: String
    private var source: String { sdk + "/examples/hello-filter-" + language }

    /// - Parameter sdk: nil: the one beside this program, as it was built (`build/sdk`) or installed (`share/postern/sdk`).
    init(_ language: String, sdk: String?) throws {
        self.language = language
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let places = sdk.map { [$0] } ?? ["../sdk", "../share/postern/sdk"].map { program.appending(path: $0).path }
        let found = places.map { URL(filePath: $0).standardizedFileURL.path }.first {
            FileManager.default.fileExists(atPath: $0 + "/examples/hello-filter-" + language)
        }
        guard let found else {
            throw Failure(description: "no SDK with an example in \(language) is in \(places.joined(separator: " or "))")
        }
        self.sdk = found
    }

    /// Makes `folder`, which must not be there yet.
    func write(to folder: String, as name: String) throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: folder) else { throw Failure(description: "\(folder) is there already; nothing was made") }
        let parts = try files.subpathsOfDirectory(atPath: source).sorted().filter { part in
            var isFolder: ObjCBool = false
            return files.fileExists(atPath: source + "/" + part, isDirectory: &isFolder) && !isFolder.boolValue
        }
        for part in parts {
            let path = folder + "/" + changed(part, name)
            try files.createDirectory(
                at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            let text = try String(contentsOfFile: source + "/" + part, encoding: .utf8)
            try changed(text, name).write(toFile: path, atomically: false, encoding: .utf8)
        }
    }

    private func changed(_ text: String, _ name: String) -> String {
        text.replacing("hello-filter-" + language, with: name)
            .replacing("hello-" + language, with: name)
            .replacing("\\(Context.packageDirectory)/../../SDK", with: sdk)
            .replacing("../../SDK", with: sdk)
            .replacing("`SDK/", with: "`\(sdk)/")
    }
}
