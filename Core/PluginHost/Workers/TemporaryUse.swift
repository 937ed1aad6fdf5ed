import Glibc

/// What a worker's temporary files hold: those in its folder, and those that it has removed and still has open or mapped, as far as the
/// kernel shows them to us. Whatever it does meanwhile, the look stays inside the folder and comes to an end.
struct TemporaryUse {
    let mostBytes: Int
    let mostFiles: Int
    private(set) var bytes = 0
    /// Files, folders and everything else that has a name.
    private(set) var files = 0
    /// Why the worker has too much; nil: it has not.
    private(set) var excess: String?
    /// Removed files that are counted: one may be open and mapped, and often.
    private var removed: Set<ino_t> = []

    /// Folders in folders; each is a descriptor of ours while we look.
    static let mostDepth = 32

    /// `pid`: the worker's.
    init(of folder: String, pid: pid_t, mostBytes: Int, mostFiles: Int) {
        self.mostBytes = mostBytes
        self.mostFiles = mostFiles
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            missed()
            return
        }
        var status = stat()
        let device = fstat(descriptor, &status) == 0 ? status.st_dev : 0
        look(descriptor, depth: 0)
        if excess == nil { addRemoved(of: pid, device) }
    }

    /// Closes `folder`.
    private mutating func look(_ folder: Int32, depth: Int) {
        guard let listing = fdopendir(folder) else {
            close(folder)
            return
        }
        defer { closedir(listing) }
        while excess == nil, let entry = readdir(listing) {
            let name = Self.name(entry)
            if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { continue }
            // Whatever it is, and gone already perhaps: names without end have one.
            found()
            var status = stat()
            guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                missed()
                continue
            }
            add(status)
            guard status.st_mode & S_IFMT == S_IFDIR, excess == nil else { continue }
            if depth == Self.mostDepth { return excess = "folders \(Self.mostDepth) deep" }
            let inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if inner >= 0 { look(inner, depth: depth + 1) } else { missed() }
        }
    }

    /// Root alone sees them. All threads have one table of descriptors, the sandbox sees to that; but one that has ended shows none, be it
    /// the first.
    private mutating func addRemoved(of pid: pid_t, _ device: dev_t) {
        if addRemoved(of: "\(pid)", device) { return }
        guard let threads = opendir("/proc/\(pid)/task") else { return }
        defer { closedir(threads) }
        while excess == nil, let entry = readdir(threads) {
            let thread = String(cString: Self.name(entry))
            if !thread.hasPrefix("."), addRemoved(of: thread, device) { return }
        }
    }

    /// False: this thread shows nothing.
    private mutating func addRemoved(of thread: String, _ device: dev_t) -> Bool {
        let open = addRemoved("/proc/\(thread)/fd", device)
        let mapped = addRemoved("/proc/\(thread)/map_files", device)
        if mapped > mostFiles { excess = "more than \(mostFiles) mapped files" }
        return open + mapped > 0
    }

    /// How many entries it has; of too many, some.
    private mutating func addRemoved(_ table: String, _ device: dev_t) -> Int {
        guard let listing = opendir(table) else { return 0 }
        defer { closedir(listing) }
        var entries = 0
        while excess == nil, entries <= mostFiles, let entry = readdir(listing) {
            let name = Self.name(entry)
            if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { continue }
            entries += 1
            var status = stat()
            guard fstatat(dirfd(listing), name, &status, 0) == 0, status.st_nlink == 0, status.st_dev == device,
                status.st_mode & S_IFMT == S_IFREG, removed.insert(status.st_ino).inserted
            else { continue }
            found()
            add(status)
        }
        return entries
    }

    private mutating func found() {
        files += 1
        if files > mostFiles { excess = "more than \(mostFiles) temporary files" }
    }

    private mutating func add(_ status: stat) {
        // What it takes of the disk, not what it says of its length.
        bytes += Int(status.st_blocks) * 512
        if bytes > mostBytes { excess = "more than \(mostBytes >> 20) MiB of temporary files" }
    }

    /// What cannot be looked at: it is gone again, we are out of descriptors, or somebody does not want it seen.
    private mutating func missed() { if errno == EACCES { excess = "a temporary folder that nobody may look into" } }

    /// As it is, UTF-8 or not.
    private static func name(_ entry: UnsafeMutablePointer<dirent>) -> UnsafePointer<CChar> {
        UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name)!).assumingMemoryBound(to: CChar.self)
    }
}
