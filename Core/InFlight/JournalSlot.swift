import Mail
import Synchronization

/// One slot of the journal's file, 192 bytes, little endian as the machine:
///
///     0 state u32   4 count u32   8 time i64   16 digest 32   48 queue ID i64   56 session u64   64 client 16   80 flags u8   81 phase u8
///     82 length of the name u8   88 thread u64   96 name 64
///
/// Words of 8 bytes, each atomic: whoever watches over a thread reads its slot while it writes the next stretch there.
struct JournalSlot {
    static let size = 192
    static let longestName = 64

    enum State {
        static let free: UInt32 = 0
        /// Claimed, its words not complete: says nothing.
        static let writing: UInt32 = 1
        static let inUse: UInt32 = 2
        /// The thread that ended the process was in this stretch.
        static let fatal: UInt32 = 3
    }

    private enum Flag {
        static let digest: UInt8 = 1
        static let queueID: UInt8 = 2
        static let isIPv4: UInt8 = 4
    }

    let base: UnsafeMutableRawPointer

    var state: UnsafeMutablePointer<Atomic<UInt32>> { base.assumingMemoryBound(to: Atomic<UInt32>.self) }

    /// Of stretches written here: what was read while it changed is half of one and half of another.
    private var count: UnsafeMutablePointer<Atomic<UInt32>> { (base + 4).assumingMemoryBound(to: Atomic<UInt32>.self) }

    private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Releasing: whoever has read it reads the new count after.
    private func put(_ value: UInt64, _ offset: Int) { word(offset).pointee.store(value, ordering: .releasing) }

    /// Everything but the state. The slot is ours.
    func write(_ stretch: CriticalStretch, time: Timestamp, thread: UInt64) {
        count.pointee.store(count.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        put(UInt64(bitPattern: time.microseconds), 8)
        var flags: UInt8 = stretch.client.isIPv4 ? Flag.isIPv4 : 0
        if let digest = stretch.digest {
            flags |= Flag.digest
            put(digest.words.0, 16)
            put(digest.words.1, 24)
            put(digest.words.2, 32)
            put(digest.words.3, 40)
        }
        if let id = stretch.queueID {
            flags |= Flag.queueID
            put(UInt64(bitPattern: id.rawValue), 48)
        }
        put(stretch.session, 56)
        put(stretch.client.high, 64)
        put(stretch.client.low, 72)
        put(thread, 88)
        var filter = stretch.filter
        filter.withUTF8 { name in
            let length = min(name.count, Self.longestName)
            put(UInt64(flags) | UInt64(UInt8(stretch.phase.rawValue)) << 8 | UInt64(length) << 16, 80)
            for start in stride(from: 0, to: length, by: 8) {
                var word: UInt64 = 0
                withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: name[start..<min(start + 8, length)]) }
                put(word, 96 + start)
            }
        }
    }

    /// The stretch of a thread of this process that may move meanwhile; nil: it is in none here, or has moved.
    func stretch(of thread: UInt64) -> FoundStretch? {
        let before = count.pointee.load(ordering: .acquiring)
        guard state.pointee.load(ordering: .acquiring) == State.inUse, word(88).pointee.load(ordering: .acquiring) == thread else {
            return nil
        }
        return withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 8) { copy in
            copy.storeBytes(of: UInt64(State.inUse), as: UInt64.self)
            for offset in stride(from: 8, to: Self.size, by: 8) {
                copy.storeBytes(of: word(offset).pointee.load(ordering: .acquiring), toByteOffset: offset, as: UInt64.self)
            }
            guard count.pointee.load(ordering: .relaxed) == before, state.pointee.load(ordering: .relaxed) == State.inUse else {
                return nil
            }
            return Self.read(UnsafeRawBufferPointer(copy))
        }
    }

    /// What a dead process left in `bytes`; nil when the slot was free, half written, or holds what no gateway writes.
    static func read(_ bytes: UnsafeRawBufferPointer) -> FoundStretch? {
        guard bytes.count == size else { return nil }
        func word(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        let state = bytes.loadUnaligned(as: UInt32.self)
        guard state == State.inUse || state == State.fatal, let phase = Phase(rawValue: Int(bytes[81])), Int(bytes[82]) <= longestName,
            bytes[80] & ~(Flag.digest | Flag.queueID | Flag.isIPv4) == 0
        else { return nil }
        let client: IPAddress
        if bytes[80] & Flag.isIPv4 != 0 {
            guard let low = UInt32(exactly: word(72)) else { return nil }
            client = IPAddress(v4: low)
        } else {
            client = IPAddress(high: word(64), low: word(72))
        }
        let queueID = Int64(bitPattern: word(48))
        let stretch = CriticalStretch(
            digest: bytes[80] & Flag.digest != 0 ? MessageDigest(words: (word(16), word(24), word(32), word(40))) : nil,
            queueID: bytes[80] & Flag.queueID != 0 && queueID >= 0 ? QueueID(rawValue: queueID) : nil, session: word(56), client: client,
            phase: phase, filter: Self.name(bytes[96..<96 + Int(bytes[82])]))
        return FoundStretch(
            stretch: stretch, time: Timestamp(microseconds: Int64(bitPattern: word(8))), isFatal: state == State.fatal)
    }

    /// Names of slots are plain words; whatever else stands there must not get into a log or a file.
    static func name(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
