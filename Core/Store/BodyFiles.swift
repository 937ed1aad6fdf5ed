import Dispatch
import Glibc
import Mail
import Synchronization

/// The bodies too large for a row: one file each, synced with its folder before the row that needs it commits.
final class BodyFiles: Sendable {
    /// Larger ones are files. Below it a row is cheaper than a file with two syncs.
    static let threshold = 256 << 10

    /// Whose rows need a file. It goes with the last of them.
    struct Owner: OptionSet, Sendable {
        let rawValue: UInt8
        static let queue = Owner(rawValue: 1)
        static let quarantine = Owner(rawValue: 2)
        var word: String { self == .queue ? "queue" : "quarantine" }
    }

    private let folder: String
    /// All files there are: so that nobody asks the disk for a message that has none.
    private let known = Mutex<[QueueID: Owner]>([:])
    private let syncCount = Atomic<Int>(0)
    /// Writing and unlinking large files must not hold up commits.
    private let queue = DispatchQueue(label: "postern.store.bodies")

    init(folder: String) throws(StoreFailure) {
        self.folder = folder
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw StoreFailure(.unavailable, "\(folder): \(String(cString: strerror(errno)))")
        }
        let found = Self.names(in: folder).compactMap { QueueID($0) }
        known.withLock { $0 = Dictionary(found.map { ($0, []) }) { a, _ in a } }
    }

    var all: [QueueID] { known.withLock { Array($0.keys) } }
    var isEmpty: Bool { known.withLock { $0.isEmpty } }
    /// Calls of fsync.
    var syncs: Int { syncCount.load(ordering: .relaxed) }

    /// Makes the file, which nobody owns yet. The completion comes on the files' queue.
    func write(_ region: Region, for id: QueueID, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        queue.async {
            do throws(StoreFailure) {
                try self.write(region, to: self.path(id))
                self.known.withLock { $0[id] = [] }
                completion(.success(()))
            } catch { completion(.failure(error)) }
        }
    }

    /// What a commit of `owner`'s file meant, in order.
    func settle(_ changes: [(id: QueueID, isNeeded: Bool)], for owner: Owner) {
        let unneeded = known.withLock { known in
            if known.isEmpty { return [QueueID]() }
            var ended: [QueueID] = []
            for (id, isNeeded) in changes {
                guard var owners = known[id] else { continue }
                if isNeeded { owners.insert(owner) } else { owners.remove(owner) }
                known[id] = owners
                if owners.isEmpty { ended.append(id) }
            }
            return ended.filter { known[$0]?.isEmpty == true }
        }
        if !unneeded.isEmpty { remove(unneeded) }
    }

    /// Removes those that nobody owns. Soon; a crash before leaves an orphan, which the next start removes.
    func remove(_ ids: [QueueID]) {
        queue.async {
            for id in ids {
                guard self.known.withLock({ $0[id]?.isEmpty == true }) else { continue }
                unlink(self.path(id))
                self.known.withLock { $0[id] = nil }
            }
        }
    }

    /// Mapped, not read: pages come when they are needed and go when memory is short.
    func map(_ id: QueueID, size: Int) throws(StoreFailure) -> Region {
        let descriptor = open(path(id), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreFailure(.damaged, "\(path(id)): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == size, size > 0 else {
            throw StoreFailure(.damaged, "\(path(id)) has \(status.st_size) bytes, not the \(size) that were stored")
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw StoreFailure(.unavailable, "\(path(id)): \(String(cString: strerror(errno)))")
        }
        nonisolated(unsafe) let mapped = start
        return Region(adopting: UnsafeRawBufferPointer(start: start, count: size)) { munmap(mapped, size) }
    }

    /// Waits for what is under way.
    func drain() { queue.sync {} }

    private func path(_ id: QueueID) -> String { "\(folder)/\(id)" }

    private func write(_ region: Region, to path: String) throws(StoreFailure) {
        // Never over one that is there: IDs do not repeat, so it would be another message's.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        do throws(StoreFailure) {
            try fill(descriptor, with: region, path)
        } catch {
            unlink(path)
            throw error
        }
    }

    private func fill(_ descriptor: Int32, with region: Region, _ path: String) throws(StoreFailure) {
        var offset = 0
        while offset < region.count {
            let count = Glibc.write(descriptor, region.bytes.baseAddress! + offset, min(region.count - offset, 1 << 20))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        try Self.sync(folder: folder)
        syncCount.add(2, ordering: .relaxed)
    }

    static func sync(folder: String) throws(StoreFailure) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    private static func failure(_ path: String) -> StoreFailure {
        let full = errno == ENOSPC || errno == EDQUOT
        return StoreFailure(full ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            )
        }
        return names
    }
}
