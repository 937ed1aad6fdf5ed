import Dispatch
import Glibc
import Mail
import Metrics
import Synchronization

/// The bodies too large for a row: one file each, synced with its folder before the row that needs it commits. And the spool that makes
/// such files while the messages arrive.
final class BodyFiles: BodySpool {
    /// Larger ones are files. Below it a row is cheaper than a file with two syncs.
    static let threshold = RegionBuilder.spoolThreshold
    /// Messages whose files wait to be synced. Beyond it new ones are refused: the disk is too slow.
    static let waitingLimit = 1000
    /// What begins the name of a spool file, where it must have one.
    static let temporaryPrefix = ".spool-"

    /// Whose rows need a file. It goes with the last of them.
    struct Owner: OptionSet, Sendable {
        let rawValue: UInt8
        static let queue = Owner(rawValue: 1)
        static let quarantine = Owner(rawValue: 2)
        var word: String { self == .queue ? "queue" : "quarantine" }
    }

    private let folder: String
    private let space: FreeSpace
    /// True where the file system knows files without a name, and lets them be named.
    let spoolsWithoutName: Bool
    /// All files there are: so that nobody asks the disk for a message that has none.
    private let known = Mutex<[QueueID: Owner]>([:])
    private let readBack = ReadBack()
    private let syncCount = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    private let lastTemporary = Atomic<Int>(0)
    private let syncsMetric = Counter(label: MetricName.syncs, dimensions: [("file", "bodies")])
    /// Syncing and unlinking large files must not hold up commits.
    private let queue = DispatchQueue(label: "postern.store.bodies")

    /// Makes the folder if there is none, and removes what a crash left of the spool.
    init(folder: String, space: FreeSpace, spoolsWithoutName: Bool? = nil) throws(StoreFailure) {
        self.folder = folder
        self.space = space
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw StoreFailure(.unavailable, "\(folder): \(String(cString: strerror(errno)))")
        }
        let names = Self.names(in: folder)
        for name in names where name.hasPrefix(Self.temporaryPrefix) { unlink("\(folder)/\(name)") }
        let found = names.compactMap { QueueID($0) }
        known.withLock { $0 = Dictionary(found.map { ($0, []) }) { a, _ in a } }
        self.spoolsWithoutName = spoolsWithoutName ?? Self.canSpoolWithoutName(folder, space)
    }

    var all: [QueueID] { known.withLock { Array($0.keys) } }
    var isEmpty: Bool { known.withLock { $0.isEmpty } }
    /// Calls of fsync.
    var syncs: Int { syncCount.load(ordering: .relaxed) }

    // MARK: The spool

    func makeFile() throws(StoreFailure) -> any SpoolFile {
        let number = lastTemporary.add(1, ordering: .relaxed).newValue
        return try SpooledBody(
            folder: folder, temporary: spoolsWithoutName ? nil : "\(folder)/\(Self.temporaryPrefix)\(number)", space: space)
    }

    /// Tried out: an old kernel, some file systems and a missing /proc say no.
    private static func canSpoolWithoutName(_ folder: String, _ space: FreeSpace) -> Bool {
        let path = "\(folder)/\(temporaryPrefix)probe"
        defer { unlink(path) }
        do { return try SpooledBody(folder: folder, temporary: nil, space: space).name(path) } catch { return false }
    }

    // MARK: Files

    /// Makes the file, which nobody owns yet. The completion comes on the files' queue, or at once with a refusal.
    func write(_ region: Region, for id: QueueID, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        // A spooled one takes its space already.
        if let refusal = space.refusal(region.file == nil ? region.count : 0) { return completion(.failure(refusal)) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.waitingLimit else {
            waiting.subtract(1, ordering: .relaxed)
            return completion(
                .failure(StoreFailure(.busy, "\(folder): \(Self.waitingLimit) files wait: the disk is too slow for this load")))
        }
        queue.async { [self] in
            waiting.subtract(1, ordering: .relaxed)
            do throws(StoreFailure) {
                try write(region, to: path(id))
                known.withLock { $0[id] = [] }
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

    /// The body, read back.
    func read(_ id: QueueID, size: Int) throws(StoreFailure) -> Region {
        let descriptor = open(path(id), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreFailure(.damaged, "\(path(id)): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == size, size > 0 else {
            throw StoreFailure(.damaged, "\(path(id)) has \(status.st_size) bytes, not the \(size) that were stored")
        }
        return try readBack.region(descriptor, size: size, path(id))
    }

    /// Waits for what is under way.
    func drain() { queue.sync {} }

    private func path(_ id: QueueID) -> String { "\(folder)/\(id)" }

    private func write(_ region: Region, to path: String) throws(StoreFailure) {
        let isNamed = try (region.file as? SpooledBody)?.name(path) ?? false
        if !isNamed { try copy(region, to: path) }
        do throws(StoreFailure) { try Self.sync(folder: folder) } catch {
            unlink(path)
            throw error
        }
        syncCount.add(2, ordering: .relaxed)
        syncsMetric.increment(by: 2)
    }

    private func copy(_ region: Region, to path: String) throws(StoreFailure) {
        // Never over one that is there: IDs do not repeat, so it would be another message's.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        do throws(StoreFailure) {
            try Self.write(region.bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        } catch {
            unlink(path)
            throw error
        }
    }

    // MARK: System calls

    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws(StoreFailure) {
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + offset, min(bytes.count - offset, 1 << 20))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            offset += count
        }
    }

    static func map(_ descriptor: Int32, size: Int, _ path: String, file: SpooledBody?) throws(StoreFailure) -> Region {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == size, size > 0 else {
            throw StoreFailure(.damaged, "\(path) has \(status.st_size) bytes, not the \(size) that were stored")
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else { throw failure(path) }
        nonisolated(unsafe) let mapped = start
        return Region(adopting: UnsafeRawBufferPointer(start: start, count: size), memory: 0, file: file) { munmap(mapped, size) }
    }

    static func sync(folder: String) throws(StoreFailure) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder) }
    }

    static func failure(_ path: String) -> StoreFailure {
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
