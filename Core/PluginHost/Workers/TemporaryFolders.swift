import Dispatch
import Foundation
import Glibc
import Mail
import WorkerLink

/// The folders for workers' temporary files: each worker has one of its own, /tmp/postern-worker-PID-XXXXXX, which the sandbox gives to the
/// worker's user. PID is the gateway's: what a gateway that died has left is known by it. Any thread.
enum TemporaryFolders {
    private static let parent = "/tmp"
    private static let prefix = "postern-worker-"
    /// What a worker has filled may take long to remove.
    private static let queue = DispatchQueue(label: "postern.temporary-folders", qos: .utility)
    private static let looks = DispatchQueue(label: "postern.temporary-looks", qos: .utility)
    /// A worker's files are looked at so often.
    static let interval = Duration.milliseconds(250)

    static func make() throws(LinkFailure) -> String {
        var template = Array("\(parent)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw LinkFailure("no folder in \(parent): \(String(cString: strerror(errno)))") }
        return String(cString: path)
    }

    /// Looks at a worker's files in the background; `then` is told what it has too much of, or nil.
    static func look(_ path: String, pid: pid_t, _ limits: WorkerLimits, then: @escaping @Sendable (String?) -> Void) {
        looks.async {
            then(TemporaryUse(of: path, pid: pid, mostBytes: limits.temporaryBytes, mostFiles: WorkerLimits.temporaryFiles).excess)
        }
    }

    /// Soon, in the background.
    static func remove(_ path: String?) {
        guard let path else { return }
        queue.async { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Removes those of gateways that are gone. Only what belongs to us or to users of workers: the parent is everybody's.
    static func sweep(_ users: WorkerUsers) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let words = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 1)
            guard words.count == 2, let pid = pid_t(words[0]), pid > 0, kill(pid, 0) < 0, errno == ESRCH else { continue }
            var status = stat()
            guard lstat("\(parent)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid() || users.numbers.contains(status.st_uid)
            else { continue }
            remove("\(parent)/\(name)")
        }
    }
}
