import Glibc

/// What this process takes of memory now, in bytes (proc(5), statm). nil: /proc is not there.
enum ProcessMemory {
    static var resident: Int? { field(1) }

    /// Private and writable, which is what its limit counts.
    static var data: Int? { field(5) }

    /// What it may have of that (RLIMIT_DATA): in a worker, `memory` of the gateway's `workers`. nil: as much as it likes.
    static var limit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0, limit.rlim_cur < UInt64(Int.max) else { return nil }
        return Int(limit.rlim_cur)
    }

    private static func field(_ index: Int) -> Int? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return nil }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        guard fields.count > index, let pages = Int(fields[index]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
