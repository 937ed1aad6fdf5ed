import Glibc
import PosternKit

/// The files that the settings name, made into a set of rules.
struct RuleFiles: FileSource {
    let settings: YARASettings
    /// Takes what a first load had to leave out.
    private let complain: @Sendable (String) -> Void

    init(_ settings: YARASettings, complain: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.complain = complain
    }

    static let mostFiles = 20_000
    private static let deepest = 16

    var description: String { "the YARA rules in " + settings.rules.joined(separator: ", ") }

    func summary(of set: RuleSet) -> String { "\(set.count) rules out of \(set.files) files" }

    /// All files below the rules' folders, whatever they are called: one may include another.
    func stamps() -> [FileStamp] {
        var paths: Set<String> = []
        for root in Set(settings.rules.map(Self.root)) { Self.walk(root, depth: 0) { paths.insert($0) } }
        return paths.sorted().compactMap(FileStamp.init)
    }

    /// A set that goes on is better than one without the bad file; where there is none yet, all good files are better than nothing.
    func load(isFirst: Bool) throws -> RuleSet {
        var (set, faults) = compile(files())
        if let set { return set }
        let text = faults.prefix(5).map(\.description).joined(separator: "; ") + (faults.count > 5 ? "; and \(faults.count - 5) more" : "")
        guard isFirst else { throw FilterError("\(description): \(text)") }
        let bad = Set(faults.compactMap(\.owner))
        let good = files().filter { !bad.contains($0.path) }
        guard !good.isEmpty else { throw FilterError("\(description): \(text)") }
        var more: [RuleFault]
        (set, more) = RuleCompiler.compile(good, faults: faults)
        guard let set else { throw FilterError("\(description): \((faults + more).map(\.description).joined(separator: "; "))") }
        complain("\(description): \(bad.count) files are left out: \(text)")
        return set
    }

    /// What is wrong with them; empty: nothing.
    func check() -> [RuleFault] { compile(files()).faults }

    /// All or nothing; the faults of each file when there are any.
    private func compile(_ files: [RuleFile]) -> (set: RuleSet?, faults: [RuleFault]) {
        guard (1...Self.mostFiles).contains(files.count) else {
            let text = files.isEmpty ? "no file of rules is there" : "more than \(Self.mostFiles) files"
            return (nil, [RuleFault(file: settings.rules[0], line: 0, text: text, owner: nil)])
        }
        let (set, faults) = RuleCompiler.compile(files)
        if let set { return (set, []) }
        // A compiler stops being one at its first fault: each file by itself tells the others'.
        let each = files.flatMap { RuleCompiler.compile([$0]).faults }
        return (nil, each.isEmpty ? faults : each)
    }

    // MARK: Which files

    func files() -> [RuleFile] {
        var files: [RuleFile] = []
        var seen: Set<String> = []
        func add(_ path: String, _ root: String) {
            if files.count <= Self.mostFiles, seen.insert(path).inserted { files.append(RuleFile(path: path, root: root)) }
        }
        for entry in settings.rules {
            let root = Self.root(of: entry)
            if Self.isFolder(entry) {
                Self.walk(entry, depth: 0) { if $0.hasSuffix(".yar") || $0.hasSuffix(".yara") { add($0, root) } }
            } else if Self.isPattern(entry) {
                for path in Self.matches(entry) where FileStamp(path) != nil { add(path, root) }
            } else {
                // Also when it is not there: that is a fault to be named.
                add(entry, root)
            }
        }
        return files
    }

    /// The folder beyond which nothing may be included: the one that was named, the file's own, the one before a pattern's first wildcard.
    static func root(of entry: String) -> String {
        if isFolder(entry) { return entry }
        var parts = entry.split(separator: "/", omittingEmptySubsequences: true)
        if let first = parts.firstIndex(where: { isPattern($0) }) { parts = Array(parts[..<first]) } else { _ = parts.popLast() }
        return "/" + parts.joined(separator: "/")
    }

    private static func isPattern(_ text: some StringProtocol) -> Bool { text.utf8.contains { $0 == 42 || $0 == 63 || $0 == 91 } }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func matches(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// All regular files below, sorted.
    private static func walk(_ folder: String, depth: Int, _ body: (String) -> Void) {
        var left = mostFiles
        func walk(_ folder: String, _ depth: Int) {
            for name in FileStamp.names(in: folder) ?? [] where left > 0 {
                let path = (folder == "/" ? "" : folder) + "/" + name
                left -= 1
                if isFolder(path) {
                    if depth < deepest { walk(path, depth + 1) }
                } else {
                    body(path)
                }
            }
        }
        walk(folder, depth)
    }
}
