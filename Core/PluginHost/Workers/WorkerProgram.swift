import Glibc

/// `postern-worker`, and what it leaves behind.
public struct WorkerProgram: Hashable, Sendable {
    public var path: String
    /// The file that remembers which messages ended workers; nil: remembered while the gateway runs.
    public var crashes: String?

    public init(path: String, crashes: String? = nil) {
        self.path = path
        self.crashes = crashes
    }

    /// `postern-worker` beside this program.
    public static var beside: String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count) }
        let program = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return (program.lastIndex(of: "/").map { program[...$0] } ?? "/") + "postern-worker"
    }
}
