import Glibc

/// The system's files and the granted ones, opened while the process still can.
enum FileRules {
    /// `ownProcesses`: whether /proc shows the worker alone.
    static func open(_ grants: Grants, ownProcesses: Bool) throws(SandboxFailure) -> [FileRule] {
        var rules = ownProcesses ? [FileRule("/proc", .read)].compactMap { $0 } : ProcessTable.rules()
        for path in SystemFiles.readable + SystemFiles.libraryFolders() {
            if let rule = FileRule(path, .read) { rules.append(rule) }
        }
        for path in SystemFiles.writable { if let rule = FileRule(path, .readWrite) { rules.append(rule) } }
        for path in grants.readable {
            try checkName(path)
            guard let rule = FileRule(path, .read) else { throw SandboxFailure(call: "\(path), which a worker is to read") }
            rules.append(rule)
        }
        for descriptor in grants.readableDescriptors {
            guard let rule = FileRule(descriptor: descriptor) else {
                throw SandboxFailure("descriptor \(descriptor), which a worker is to read, is no open regular file")
            }
            rules.append(rule)
        }
        if let folder = grants.temporary { rules.append(try temporary(folder, grants.user)) }
        return rules
    }

    /// Whether the worker's user gets at what was granted: said now, with the path, and not later as some library's riddle.
    static func check(_ grants: Grants) throws(SandboxFailure) {
        let mend = "user \(getuid()) needs the right to it, and to search each folder above it"
        for path in grants.readable where access(path, R_OK) != 0 { throw SandboxFailure(call: "a worker cannot read \(path)", mend: mend) }
        if let folder = grants.temporary, access(folder, R_OK | W_OK | X_OK) != 0 {
            throw SandboxFailure(call: "a worker cannot write into its temporary folder \(folder)", mend: mend)
        }
        for descriptor in grants.readableDescriptors {
            let again = Glibc.open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
            guard again >= 0 else {
                throw SandboxFailure(call: "a worker cannot open descriptor \(descriptor) again", mend: "the file must be readable by all")
            }
            close(again)
        }
    }

    /// The folder, given to the worker's user when we are root. It must not be a symbolic link: root would give away what it points to.
    private static func temporary(_ path: String, _ user: Grants.User?) throws(SandboxFailure) -> FileRule {
        try checkName(path)
        let what = "the temporary folder \(path)"
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw SandboxFailure(call: what) }
        defer { close(folder) }
        if let user, fchown(folder, user.uid, user.gid) != 0 || fchmod(folder, 0o700) != 0 {
            throw SandboxFailure(call: "\(what) cannot be given to user \(user.uid)")
        }
        guard let rule = FileRule(path, .temporary) else { throw SandboxFailure(call: what) }
        return rule
    }

    private static func checkName(_ path: String) throws(SandboxFailure) {
        guard path.first == "/", path != "/" else {
            throw SandboxFailure("'\(path)' cannot be granted: an absolute path below / is needed")
        }
    }
}
