/// One file to be compiled.
struct RuleFile: Hashable, Sendable {
    var path: String
    /// It may include what is below this folder.
    var root: String

    /// How matches name it; its rules' names are its own.
    var namespace: String {
        path.hasPrefix(root + "/") ? String(path.dropFirst(root.utf8.count + 1)) : path
    }
}
