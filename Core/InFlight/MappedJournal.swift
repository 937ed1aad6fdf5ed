import Crypto
import Glibc
import Mail
import Synchronization

/// The in-flight journal of one gateway: slots in a mapped file, one for each thread in a critical stretch.
public final class MappedJournal: InFlightJournal, @unchecked Sendable {
    // Sendable: a slot is claimed by an atomic exchange; the rest never changes.
    private let file: JournalFile
    private let objections: [MessageDigest: String]

    /// Reads what the process before left in `folder`, strikes what it died of, and begins anew.
    /// - Parameters:
    ///   - death: how that process ended; nil: nobody saw it, and nothing is held against a message.
    ///   - log: for the operator; called before this returns. `isBad` for what somebody should look at.
    public init(folder: String, death: ProcessDeath?, now: Timestamp, log: (_ text: String, _ isBad: Bool) -> Void) {
        let path = folder + "/inflight.journal"
        var list = StrikeList.read(folder + "/strikes", now: now)
        if let left = JournalFile.read(path), !left.found.isEmpty {
            let death = death.flatMap { $0.pid == left.pid ? $0 : nil }
            let guilty = Self.guilty(left, death)
            for found in left.found {
                let ended = "the gateway before (pid \(left.pid)) ended by \(death?.how ?? "nobody saw what")"
                guard guilty.contains(found) else {
                    log("\(ended) while it was under way with \(found)", false)
                    continue
                }
                guard let digest = found.stretch.digest else {
                    log("\(ended) in \(found)", true)
                    continue
                }
                list.add(.init(digest: digest, time: now, phase: found.stretch.phase, filter: found.stretch.filter))
                let count = list.count(of: digest)
                let next = count < StrikeList.most ? "once more and it is quarantined unseen" : "from now on it is quarantined unseen"
                log("\(ended) in \(found): \(next)", true)
            }
            if !guilty.isEmpty, let problem = list.write(folder + "/strikes") { log("cannot keep the strikes: \(problem)", true) }
        }
        objections = list.objections
        switch JournalFile.make(path) {
        case .success(let made): file = made
        case .failure(let problem):
            log("no in-flight journal, a message that ends the gateway will not be known: \(problem.text)", true)
            file = .inMemoryOnly()
        }
        CrashMark.install(file)
    }

    /// What a crash is blamed on: the stretch of the thread that died, if it was in one; all, where nobody could look. Nothing for any other
    /// end.
    static func guilty(_ left: JournalFile.Left, _ death: ProcessDeath?) -> Set<FoundStretch> {
        guard let death, death.isCrash else { return [] }
        return Set(left.isMarked ? left.found.filter(\.isFatal) : left.found)
    }

    /// Above this only both ends and the length are hashed: the digest must not hold up an event loop.
    static let mostHashed = 256 * 1024

    /// SHA-256 of the bytes; of more than 256 KiB, of the length and of the first and the last 128 KiB.
    public func digest(of bytes: UnsafeRawBufferPointer) -> MessageDigest? {
        var hash = SHA256()
        if bytes.count <= Self.mostHashed {
            hash.update(bufferPointer: bytes)
        } else {
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.mostHashed / 2)))
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes.suffix(Self.mostHashed / 2)))
        }
        return hash.finalize().withUnsafeBytes { raw in
            func word(_ index: Int) -> UInt64 { raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
            return MessageDigest(words: (word(0), word(1), word(2), word(3)))
        }
    }

    public func objection(to digest: MessageDigest) -> String? { objections.isEmpty ? nil : objections[digest] }

    public func enter(_ stretch: CriticalStretch) -> InFlightMark {
        let thread = UInt64(pthread_self())
        // Threads' addresses lie pages apart: each begins at another slot.
        let first = Int(truncatingIfNeeded: ((thread >> 12) &* 0x9E37_79B9_7F4A_7C15) >> 58)
        for offset in 0..<JournalFile.slots {
            let index = (first + offset) % JournalFile.slots
            let slot = file.slot(index)
            let (isOurs, _) = slot.state.pointee.compareExchange(
                expected: JournalSlot.State.free, desired: JournalSlot.State.writing, ordering: .acquiring)
            guard isOurs else { continue }
            slot.write(stretch, time: Self.coarseNow, thread: thread)
            slot.state.pointee.store(JournalSlot.State.inUse, ordering: .releasing)
            return InFlightMark(slot: Int32(index))
        }
        // More threads at once than there are cores to run them.
        return InFlightMark(slot: -1)
    }

    public func leave(_ mark: InFlightMark) {
        guard mark.slot >= 0 else { return }
        file.slot(Int(mark.slot)).state.pointee.store(JournalSlot.State.free, ordering: .releasing)
    }

    /// The stretch that a thread is in; nil: none, or it went from one to another meanwhile.
    public func stretch(of thread: UInt64) -> FoundStretch? {
        for index in 0..<JournalFile.slots {
            if let found = file.slot(index).stretch(of: thread) { return found }
        }
        return nil
    }

    private static var coarseNow: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
