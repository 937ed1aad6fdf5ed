import Glibc
import Mail

/// What workers may have, and when they are given up.
public struct WorkerLimits: Hashable, Sendable {
    /// The program.
    public var path: String
    /// The file that remembers which messages ended them; nil: remembered while the gateway runs.
    public var crashes: String?
    /// Whom they run as when the gateway is root: by default nobody's.
    public var user: UInt32 = 65534
    public var group: UInt32 = 65534
    /// Bytes of memory of each.
    public var memory = 4 << 30
    public var temporaryBytes = 1 << 30
    /// Threads of each, for plugins of the class `blocking`.
    public var threads = 4
    /// A worker that does not answer a cancelled run for so long is ended.
    public var grace = Duration.seconds(5)
    /// One that has not loaded its plugin by then is ended.
    public var start = Duration.seconds(60)
    /// A nonblocking plugin that holds its worker up for so long.
    public var heartbeat = Duration.seconds(10)

    public init(path: String) { self.path = path }

    /// `postern-worker` beside this program.
    public static var beside: String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count) }
        let program = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return (program.lastIndex(of: "/").map { program[...$0] } ?? "/") + "postern-worker"
    }
}
