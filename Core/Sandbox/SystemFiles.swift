import Glibc

/// What every process needs to run, load libraries, tell the time and start threads. What is not there is left out.
enum SystemFiles {
    static let readable = [
        "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec/swift", "/usr/local/lib", "/usr/local/lib64",
        "/etc/ld.so.cache",
        "/usr/share/zoneinfo", "/etc/localtime", "/usr/share/locale", "/etc/locale.alias", "/etc/ssl/openssl.cnf",
        "/dev/urandom", "/dev/random", "/sys/devices/system/cpu",
    ]

    static let writable = ["/dev/null"]

    /// The folders of the libraries that are mapped now: the Swift runtime lies where the program's run path says.
    static func libraryFolders() -> [String] {
        guard let maps = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        var folders: [String] = []
        while getline(&line, &size, maps) > 0, let text = line.map({ String(cString: $0) }) {
            guard let start = text.firstIndex(of: "/"), let end = text.lastIndex(of: "/"), text[end...].contains(".so"), end > start else {
                continue
            }
            let folder = String(text[start..<end])
            if !folders.contains(folder) { folders.append(folder) }
        }
        return folders
    }
}
