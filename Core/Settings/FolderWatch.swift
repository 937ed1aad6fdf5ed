import Glibc
import Synchronization

/// Notices when files of the configuration change (inotify), and calls once per bout of changes, half a second after the last. What counts:
/// `*.yaml` in the folder and in its `domains`, and the files followed. One thread of its own.
public final class FolderWatch: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var files: Set<String>
        /// inotify's number -> folder.
        var folders: [Int32: String] = [:]
        var isStopping = false
    }

    static let quiet: Int32 = 500

    private let folder: String
    private let inotify: Int32
    /// A pipe that is closed to end the thread's wait.
    private let wake: (read: Int32, write: Int32)
    private let state: Mutex<State>
    private let onChange: @Sendable () -> Void

    init(folder: String, files: [String], onChange: @escaping @Sendable () -> Void) throws(Failure) {
        self.folder = folder
        self.onChange = onChange
        inotify = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        var ends: [Int32] = [-1, -1]
        let piped = pipe(&ends)
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = (ends[0], ends[1])
        guard inotify >= 0, piped == 0 else {
            throw Failure(description: "cannot watch \(folder): \(String(cString: strerror(errno)))")
        }
        state = Mutex(State(files: Set(files)))
        addFolders()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<FolderWatch>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard result == 0 else { preconditionFailure("no thread for the watch: \(result)") }
        pthread_detach(thread)
    }

    deinit {
        for descriptor in [inotify, wake.read, wake.write] where descriptor >= 0 { close(descriptor) }
    }

    /// Any thread; `files` replace those followed before.
    func follow(_ files: [String]) {
        state.withLock { $0.files = Set(files) }
        addFolders()
    }

    /// Any thread. No call begins after this; one may be under way.
    func stop() {
        state.withLock { $0.isStopping = true }
        _ = write(wake.write, "x", 1)
    }

    /// A folder that is not there yet is seen to come by its parent's events. Adding one twice gives the same number.
    private func addFolders() {
        state.withLock { state in
            var wanted: Set<String> = [folder, folder + "/domains"]
            for file in state.files { if let slash = file.lastIndex(of: "/") { wanted.insert(String(file[..<slash])) } }
            let events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE
            for path in wanted {
                let number = inotify_add_watch(inotify, path, UInt32(events))
                if number >= 0 { state.folders[number] = path }
            }
        }
    }

    private func run() {
        var pending = false
        while true {
            var entries = [
                pollfd(fd: inotify, events: Int16(POLLIN), revents: 0), pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, 2, pending ? Self.quiet : -1)
            if state.withLock({ $0.isStopping }) { return }
            if count == 0 {
                pending = false
                addFolders()
                onChange()
            } else if count > 0, readEvents() {
                pending = true
            }
        }
    }

    /// True when one of them is about the configuration.
    private func readEvents() -> Bool {
        var matters = false
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { buffer in
            while true {
                let count = read(inotify, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var at = 0
                while at + MemoryLayout<inotify_event>.size <= count {
                    let event = buffer.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
                    at += MemoryLayout<inotify_event>.size
                    let name =
                        event.len == 0 ? "" : String(cString: buffer.baseAddress!.advanced(by: at).assumingMemoryBound(to: CChar.self))
                    at += Int(event.len)
                    if self.matters(event, name) { matters = true }
                }
            }
        }
        return matters
    }

    private func matters(_ event: inotify_event, _ name: String) -> Bool {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
        return state.withLock { state in
            guard let path = state.folders[event.wd] else { return false }
            if event.mask & UInt32(IN_IGNORED) != 0 {
                state.folders[event.wd] = nil
                return false
            }
            let isOurs = path == folder || path == folder + "/domains"
            // A plain file's creation is followed by its closing, when it has its content; a link or folder has no such event.
            if name.hasPrefix(".") && !name.hasPrefix("..") { return false }
            return isOurs && (name.hasSuffix(".yaml") || name == "domains" || name.hasPrefix(".."))
                || state.files.contains(path + "/" + name)
        }
    }
}
