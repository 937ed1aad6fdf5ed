import Glibc
import WorkerLink

/// This process: its descriptors as the gateway gives them, and its ends.
enum WorkerProcess {
    static let socket: Int32 = 3
    /// The plugin's library.
    static let library: Int32 = 4
    static let memory: Int32 = 5
    static let bell: Int32 = 6

    /// Exit statuses; what a plugin's own exit gives may be the same, and means nothing.
    enum End: Int32 { case gatewayGone = 0, brokenLink = 70, badStart = 71 }

    static func end(_ end: End, _ why: String) -> Never {
        if !why.isEmpty {
            var line = "postern-worker: \(why)\n"
            _ = line.withUTF8 { write(2, $0.baseAddress, $0.count) }
        }
        // No destructors: a plugin's may do anything.
        _exit(end.rawValue)
    }
}
