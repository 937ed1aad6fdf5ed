import CSandbox
import Glibc

/// /proc as a worker sees it. libdispatch reads `/proc/TID/stat` of its threads, whose numbers nobody knows beforehand, and ends the process when
/// it cannot; so /proc is readable. Where the kernel lets us it is a mount of its own that shows the worker alone.
enum ProcessTable {
    /// proc(5): only processes that the reader may trace, which is none but itself, and nothing else of the machine.
    private static let options = "hidepid=4,subset=pid"

    /// Mounts such a /proc at `target`, in a mount namespace of the worker's own.
    static func mountOwn(at target: String) -> Bool {
        isOneOfMany && mount("proc", target, "proc", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY), options) == 0
    }

    /// The rules for a /proc that shows others as well: its files can be read, as far as their modes and Landlock's rule of tracing let, but
    /// processes cannot be listed.
    static func rules() -> [FileRule] {
        let own = "/proc/\(getpid())"
        return [FileRule("/proc", .readFiles), FileRule("\(own)/fd", .read), FileRule("\(own)/task", .read)].compactMap { $0 }
    }

    /// Before Linux 5.8 all mounts of a PID namespace share their options: ours would be everyone's.
    private static let isOneOfMany: Bool = {
        var system = utsname()
        guard uname(&system) == 0 else { return false }
        let release = withUnsafePointer(to: &system.release) {
            $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
        }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 8)
    }()
}
