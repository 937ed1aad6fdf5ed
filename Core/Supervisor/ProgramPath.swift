import Glibc

/// Where this program lies on the disk, by the name that it was started under, so that a link which points at another release counts.
enum ProgramPath {
    /// Absolute, not resolved. `name` is argv[0]; `folder` is where we are.
    static func find(_ name: String, folder: String, path: String) -> String {
        if name.hasPrefix("/") { return name }
        if name.contains("/") { return folder + "/" + name }
        for place in path.split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = (place.isEmpty ? folder : String(place)) + "/" + name
            if isThisProgram(candidate) { return candidate.hasPrefix("/") ? candidate : folder + "/" + candidate }
        }
        return executable
    }

    static func current() -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let folder = getcwd(&bytes, bytes.count).map { String(cString: $0) } ?? ""
        let found = find(CommandLine.arguments[0], folder: folder, path: getenv("PATH").map { String(cString: $0) } ?? "")
        // Whoever started us may have called us anything.
        return isThisProgram(found) ? found : executable
    }

    private static func isThisProgram(_ path: String) -> Bool {
        var other = stat()
        var own = stat()
        guard stat(path, &other) == 0, stat("/proc/self/exe", &own) == 0 else { return false }
        return other.st_dev == own.st_dev && other.st_ino == own.st_ino
    }

    private static var executable: String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count) }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : "/proc/self/exe"
    }
}
