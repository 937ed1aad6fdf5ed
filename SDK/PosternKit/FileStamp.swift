import Glibc

/// What tells one state of a file from another without reading it. A file that was replaced or written has another stamp.
public struct FileStamp: Hashable, Sendable {
    public var path: String
    public var bytes: Int
    private var device: UInt64
    private var inode: UInt64
    private var seconds: Int
    private var nanoseconds: Int

    /// nil: no regular file there (links are followed), or it cannot be looked at.
    public init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.path = path
        bytes = Int(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }

    /// The names in a folder, sorted, without hidden ones; nil: no folder, or it cannot be read.
    public static func names(in folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The regular files of a folder, not of those below it, in the order of their names.
    public static func files(in folder: String) -> [FileStamp] {
        (names(in: folder) ?? []).compactMap { FileStamp(folder + "/" + $0) }
    }
}
