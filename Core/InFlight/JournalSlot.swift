import Mail
import Synchronization

/// One slot of the journal's file, 192 bytes, little endian as the machine:
///
///     0 state u32   8 time i64   16 digest 32   48 queue ID i64   56 session u64   64 client 16   80 flags u8   81 phase u8
///     82 length of the name u8   88 thread u64   96 name 64
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

    /// Whose stretch it is, or was. Atomic, since it is looked for while others write theirs.
    var thread: UnsafeMutablePointer<Atomic<UInt64>> { (base + 88).assumingMemoryBound(to: Atomic<UInt64>.self) }

    /// Everything but the state. The slot is ours.
    func write(_ stretch: CriticalStretch, time: Timestamp, thread: UInt64) {
        base.storeBytes(of: time.microseconds, toByteOffset: 8, as: Int64.self)
        var flags: UInt8 = stretch.client.isIPv4 ? Flag.isIPv4 : 0
        if let digest = stretch.digest {
            flags |= Flag.digest
            base.storeBytes(of: digest.words.0, toByteOffset: 16, as: UInt64.self)
            base.storeBytes(of: digest.words.1, toByteOffset: 24, as: UInt64.self)
            base.storeBytes(of: digest.words.2, toByteOffset: 32, as: UInt64.self)
            base.storeBytes(of: digest.words.3, toByteOffset: 40, as: UInt64.self)
        }
        if let id = stretch.queueID {
            flags |= Flag.queueID
            base.storeBytes(of: id.rawValue, toByteOffset: 48, as: Int64.self)
        }
        base.storeBytes(of: stretch.session, toByteOffset: 56, as: UInt64.self)
        base.storeBytes(of: stretch.client.high, toByteOffset: 64, as: UInt64.self)
        base.storeBytes(of: stretch.client.low, toByteOffset: 72, as: UInt64.self)
        base.storeBytes(of: flags, toByteOffset: 80, as: UInt8.self)
        base.storeBytes(of: UInt8(stretch.phase.rawValue), toByteOffset: 81, as: UInt8.self)
        self.thread.pointee.store(thread, ordering: .relaxed)
        var filter = stretch.filter
        filter.withUTF8 { name in
            let count = min(name.count, Self.longestName)
            base.storeBytes(of: UInt8(count), toByteOffset: 82, as: UInt8.self)
            if count > 0 { (base + 96).copyMemory(from: name.baseAddress!, byteCount: count) }
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
