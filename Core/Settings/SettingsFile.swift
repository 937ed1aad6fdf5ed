import Glibc

/// Files of the configuration, read whole and bounded. No Foundation.
enum SettingsFile {
    /// Bytes of one YAML file.
    static let maximumYAML = 4 << 20
    /// Bytes of one list of recipients.
    static let maximumList = 64 << 20

    /// nil, with a problem at `place`, when it cannot be read, is too large or is not UTF-8.
    static func read(_ path: String, most: Int, at place: SettingsPlace, _ problems: ProblemList) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            problems.error(
                place, "cannot read `\(path)`: \(String(cString: strerror(errno)))", mend: "create it, or correct its name and mode")
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            problems.error(place, "`\(path)` is no plain file", mend: "name a file")
            return nil
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= most {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                problems.error(place, "cannot read `\(path)`: \(String(cString: strerror(errno)))", mend: "check the file and its disk")
                return nil
            }
            bytes.append(contentsOf: chunk[..<count])
        }
        guard bytes.count <= most else {
            problems.error(place, "`\(path)` is larger than \(most >> 20) MiB", mend: "make it smaller, or split it")
            return nil
        }
        // A byte order mark, as some editors write it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            problems.error(place, "`\(path)` is not UTF-8", mend: "save it as UTF-8")
            return nil
        }
        return text
    }

    static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Names in a folder, sorted, hidden ones left out; nil when it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// `path` as seen from the root, for those with another working folder.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&bytes, bytes.count) != nil else { return path }
        let here = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (here == "/" ? "/" : here + "/") + path
    }

    /// `path` as seen from `folder`.
    static func resolve(_ path: String, in folder: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }
}
