import Glibc

/// What /proc says of the calling process.
enum OwnProcess {
    /// 0: /proc is not there.
    static func threads() -> Int { names(in: "/proc/self/task").count }

    /// Closes all descriptors above 2 but these: whatever else the gateway had open is no business of a worker.
    static func closeDescriptors(but kept: [Int32]) throws(SandboxFailure) {
        let open = names(in: "/proc/self/fd").compactMap { Int32($0) }
        guard !open.isEmpty else { throw SandboxFailure(call: "/proc/self/fd", mend: "a worker needs /proc") }
        for descriptor in open where descriptor > 2 && !kept.contains(descriptor) { close(descriptor) }
    }

    /// When memory runs out the kernel ends a worker before the gateway. Raising is anyone's right; where it fails nothing is lost.
    static func goesFirstWhenMemoryEnds() {
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, "500", 3)
        close(file)
    }

    private static func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
