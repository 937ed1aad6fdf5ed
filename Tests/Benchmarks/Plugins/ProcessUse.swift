import Foundation

/// What processes have used so far.
enum ProcessUse {
    /// Nanoseconds of CPU of all threads; 0 for one that is gone.
    static func cpu(_ pid: Int32) -> UInt64 {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Page faults without reading: each maps a page that is in memory already.
    static func minorFaults(_ pid: Int32) -> Int {
        guard let text = text(pid, "stat"), let end = text.lastIndex(of: ")") else { return 0 }
        return Int(text[end...].split(separator: " ")[8]) ?? 0
    }

    /// KiB by kind, as smaps_rollup has them.
    static func memory(_ pid: Int32) -> [String: Int] {
        var kib: [String: Int] = [:]
        for line in (text(pid, "smaps_rollup") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, words[2] == "kB" { kib[String(words[0].dropLast())] = Int(words[1]) }
        }
        return kib
    }

    /// The mapping of the file with this inode: its first line, and KiB by kind.
    static func mapping(_ pid: Int32, inode: UInt) -> (line: String, kib: [String: Int])? {
        let lines = (text(pid, "smaps") ?? "").split(separator: "\n")
        func isHead(_ line: Substring) -> Bool { line.first.map { $0.isHexDigit && !$0.isUppercase } ?? false && line.contains("-") }
        guard
            let start = lines.firstIndex(where: { line in
                let words = line.split(separator: " ")
                return isHead(line) && words.count >= 5 && words[4] == "\(inode)"
            })
        else { return nil }
        var kib: [String: Int] = [:]
        for line in lines[(start + 1)...] {
            if isHead(line) { break }
            let words = line.split(separator: " ")
            if words.count == 3, words[2] == "kB" { kib[String(words[0].dropLast())] = Int(words[1]) }
        }
        return (String(lines[start]), kib)
    }

    /// Such files are read to their end piece by piece: they have no size.
    private static func text(_ pid: Int32, _ name: String) -> String? {
        let descriptor = open("/proc/\(pid)/\(name)", O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
