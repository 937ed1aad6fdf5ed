import CSandbox
import Glibc

/// A file tree that holds only what the rules name, read-only but for the temporary folder: for a worker started as root on a kernel without
/// Landlock. A mount namespace, a small memory file system as root, the named paths bound into it. mount(2), pivot_root(2).
///
/// No symbolic links: each path is bound where it was named and where it really lies. File systems mounted below a named folder are left out.
struct EmptyRoot {
    /// Where the new root is mounted until it becomes the root. Anything that surely exists: what it hides is open already.
    private static let place = "/usr"

    static func enter(_ rules: [FileRule]) throws(SandboxFailure) {
        let quiet = UInt(MS_NOSUID | MS_NODEV)
        // The paths stay reachable through this process's descriptors while the place is hidden.
        try mount("tmpfs", place, "tmpfs", quiet, "an empty root", data: "mode=0755,size=1m,nr_inodes=4096")
        // A descriptor that was handed in needs no name: it is opened again through /proc.
        for rule in rules where !rule.path.hasPrefix("/proc") {
            for path in [rule.path, real(rule.descriptor)] where path.first == "/" {
                try bind(rule, at: place + path, quiet)
            }
        }
        guard mkdir("\(place)/proc", 0o555) == 0 else { throw SandboxFailure(call: "/proc of the empty root") }
        if !ProcessTable.mountOwn(at: "\(place)/proc") {
            guard let shared = FileRule("/proc", .read) else { throw SandboxFailure(call: "/proc") }
            try bind(shared, at: "\(place)/proc", quiet)
        }
        // Stacked on the old root, which is then let go.
        guard chdir(place) == 0, sandbox_pivot_root(".", ".") == 0, umount2(".", Int32(MNT_DETACH)) == 0, chdir("/") == 0 else {
            throw SandboxFailure(call: "the empty root cannot be entered", mend: "use a kernel with Landlock (5.13 or later)")
        }
        try mount(nil, "/", nil, quiet | UInt(MS_REMOUNT | MS_BIND | MS_RDONLY), "the empty root, read-only")
    }

    private static func bind(_ rule: FileRule, at target: String, _ quiet: UInt) throws(SandboxFailure) {
        var status = stat()
        if lstat(target, &status) == 0, status.st_mode & S_IFMT != S_IFDIR { return }
        try makeParents(of: target)
        if rule.isFolder {
            _ = mkdir(target, 0o755)
        } else {
            let file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw SandboxFailure(call: "\(target) in the empty root") }
            close(file)
        }
        try mount("/proc/self/fd/\(rule.descriptor)", target, nil, UInt(MS_BIND), "\(rule.path) in the empty root")
        let flags: UInt =
            switch rule.rights {
            case .read, .readFiles: quiet | UInt(MS_RDONLY)
            // A device: it must stay one.
            case .readWrite: UInt(MS_NOSUID | MS_NOEXEC)
            case .temporary: quiet | UInt(MS_NOEXEC)
            }
        // Devices to be read, /dev/urandom: the same.
        let device = rule.path.hasPrefix("/dev/") ? flags & ~UInt(MS_NODEV) : flags
        try mount(
            nil, target, nil, device | UInt(MS_BIND | MS_REMOUNT), "\(rule.path) in the empty root, with fewer rights")
    }

    private static func makeParents(of target: String) throws(SandboxFailure) {
        for (index, letter) in target.enumerated() where letter == "/" && index > 0 {
            let folder = String(target.prefix(index))
            if mkdir(folder, 0o755) != 0, errno != EEXIST, errno != EROFS { throw SandboxFailure(call: "\(folder) in the empty root") }
        }
    }

    /// Where an open path really lies.
    private static func real(_ descriptor: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    }

    private static func mount(
        _ source: String?, _ target: String, _ type: String?, _ flags: UInt, _ what: String, data: String? = nil
    ) throws(SandboxFailure) {
        guard Glibc.mount(source, target, type, flags, data) == 0 else { throw SandboxFailure(call: what) }
    }
}
