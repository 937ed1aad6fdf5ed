import Glibc

/// One path and what may be done at and below it. Landlock and the empty root read the same rules.
struct FileRule {
    enum Rights {
        /// Read and list.
        case read
        case readFiles, readWrite, temporary
    }

    let path: String
    let rights: Rights
    /// O_PATH, or a descriptor that was handed in.
    let descriptor: Int32
    let isFolder: Bool
    /// False for what must stay open: procfs makes another inode for a path that nobody holds, and a rule belongs to an inode.
    let closesAfterwards: Bool

    /// nil: there is no such path, `errno` says why.
    init?(_ path: String, _ rights: Rights) {
        let descriptor = Glibc.open(path, sandboxPath | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { return nil }
        self.path = path
        self.rights = rights
        self.descriptor = descriptor
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        closesAfterwards = !path.hasPrefix("/proc")
    }

    /// nil: it is no regular file.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        path = "/proc/self/fd/\(descriptor)"
        rights = .read
        self.descriptor = descriptor
        isFolder = false
        closesAfterwards = false
    }

    func close() {
        if closesAfterwards { Glibc.close(descriptor) }
    }
}

/// O_PATH, which the headers show to GNU C only. The same on x86-64 and arm64.
let sandboxPath: Int32 = 0o10000000
