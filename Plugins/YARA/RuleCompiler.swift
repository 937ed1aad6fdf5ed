import CYARA
import Glibc
import PosternKit

/// Compiles files of rules together, each in a namespace of its own; takes includes from below their folder only.
final class RuleCompiler {
    private var faults: [RuleFault] = []
    private var file = RuleFile(path: "", root: "")
    /// Paths of included files, by the name under which they were included.
    private var included: [String: String] = [:]
    /// Namespaces in which a rule may ask what a file is called.
    private var labelled: Set<String> = []

    static let longestFile = 32 << 20

    /// All of them or, when there are faults, none. `faults`: what the set shall remember of files that were left out before.
    static func compile(_ files: [RuleFile], faults: [RuleFault] = []) -> (set: RuleSet?, faults: [RuleFault]) {
        if let trouble = LibYARA.trouble { return (nil, [RuleFault(file: files.first?.path ?? "", line: 0, text: trouble, owner: nil)]) }
        let context = RuleCompiler()
        return withExtendedLifetime(context) {
            guard let rules = context.compile(files) else { return (nil, context.faults) }
            return (RuleSet(rules, ofLabels: context.ofLabels(files, rules), files: files.count, faults: faults), [])
        }
    }

    /// The namespaces in which a name is asked for, whole: a rule may stand on others of its own. Where they cannot be compiled by
    /// themselves (a file has changed meanwhile): all.
    private func ofLabels(_ files: [RuleFile], _ all: UnsafeMutablePointer<YR_RULES>) -> UnsafeMutablePointer<YR_RULES>? {
        let some = files.filter { labelled.contains($0.namespace) }
        if some.isEmpty { return nil }
        let other = RuleCompiler()
        return withExtendedLifetime(other) { some.count == files.count ? nil : other.compile(some) } ?? all
    }

    private func compile(_ files: [RuleFile]) -> UnsafeMutablePointer<YR_RULES>? {
        var compiler: UnsafeMutablePointer<YR_COMPILER>?
        guard yr_compiler_create(&compiler) == ERROR_SUCCESS, let compiler else {
            complain("no memory for a compiler")
            return nil
        }
        defer { yr_compiler_destroy(compiler) }
        let me = Unmanaged.passUnretained(self).toOpaque()
        yr_compiler_set_callback(
            compiler,
            { level, file, line, _, text, context in
                guard level == YARA_ERROR_LEVEL_ERROR, let context, let text else { return }
                Unmanaged<RuleCompiler>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.fault(file.map { String(cString: $0) }, Int(line), String(cString: text))
                }
            }, me)
        yr_compiler_set_include_callback(
            compiler,
            { name, file, _, context in
                guard let name, let context else { return nil }
                return Unmanaged<RuleCompiler>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.include(String(cString: name), from: file.map { String(cString: $0) })
                }
            }, { text, _ in free(UnsafeMutablePointer(mutating: text)) }, me)
        for name in ScanVariables.names { yr_compiler_define_string_variable(compiler, name, "") }
        for file in files {
            self.file = file
            guard add(file, to: compiler) else { return nil }
        }
        var rules: UnsafeMutablePointer<YR_RULES>?
        let code = yr_compiler_get_rules(compiler, &rules)
        if code != ERROR_SUCCESS { complain(LibYARA.text(code)) }
        return code == ERROR_SUCCESS ? rules : nil
    }

    private func add(_ file: RuleFile, to compiler: UnsafeMutablePointer<YR_COMPILER>) -> Bool {
        guard let stamp = FileStamp(file.path), let stream = fopen(file.path, "re") else {
            complain("cannot be read")
            return false
        }
        defer { fclose(stream) }
        if stamp.bytes > Self.longestFile {
            complain("is longer than \(Self.longestFile >> 20) MiB")
            return false
        }
        note(stream, stamp.bytes)
        rewind(stream)
        if yr_compiler_add_file(compiler, stream, file.namespace, file.path) == 0 { return true }
        if faults.isEmpty { complain("cannot be compiled") }
        return false
    }

    private func note(_ stream: UnsafeMutablePointer<FILE>, _ bytes: Int) {
        let text = [UInt8](unsafeUninitializedCapacity: bytes) { $1 = fread($0.baseAddress, 1, bytes, stream) }
        text.withUnsafeBytes { note($0) }
    }

    /// A word in a comment counts too: that costs a look more, and misses nothing.
    private func note(_ text: UnsafeRawBufferPointer) {
        guard let start = text.baseAddress, !labelled.contains(file.namespace) else { return }
        let asks = ScanVariables.ofLabels.contains { memmem(start, text.count, $0, $0.utf8.count) != nil }
        if asks { labelled.insert(file.namespace) }
    }

    private func complain(_ text: String) { faults.append(RuleFault(file: file.path, line: 0, text: text, owner: file.path)) }

    private func fault(_ name: String?, _ line: Int, _ text: String) {
        guard faults.count < 20 else { return }
        let place = name.map { included[$0] ?? $0 } ?? file.path
        faults.append(RuleFault(file: place, line: line, text: text, owner: file.path))
    }

    // MARK: Includes

    /// The file's text, to be freed; nil: there is none, or it may not be had.
    private func include(_ name: String, from includer: String?) -> UnsafePointer<CChar>? {
        let from = includer.map { included[$0] ?? $0 } ?? file.path
        let folder = from.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard let path = Self.real(name.hasPrefix("/") ? name : folder + "/" + name), let root = Self.real(file.root),
            path.hasPrefix(root == "/" ? "/" : root + "/")
        else {
            faults.append(RuleFault(file: from, line: 0, text: "includes \"\(name)\", which is not below \(file.root)", owner: file.path))
            return nil
        }
        included[name] = path
        return read(path)
    }

    private func read(_ path: String) -> UnsafePointer<CChar>? {
        guard let stamp = FileStamp(path), stamp.bytes <= Self.longestFile, let stream = fopen(path, "re") else { return nil }
        defer { fclose(stream) }
        guard let memory = malloc(stamp.bytes + 1) else { return nil }
        let count = fread(memory, 1, stamp.bytes, stream)
        memory.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        note(UnsafeRawBufferPointer(start: memory, count: count))
        // A NUL would hide what follows it.
        if strlen(memory.assumingMemoryBound(to: CChar.self)) < count {
            faults.append(RuleFault(file: path, line: 0, text: "holds a NUL byte", owner: file.path))
            free(memory)
            return nil
        }
        return UnsafePointer(memory.assumingMemoryBound(to: CChar.self))
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
