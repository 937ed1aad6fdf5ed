import Glibc
import Mail
import Synchronization

/// A spool in memory that says what became of its files, and is full when told so.
public final class ScriptedSpool: BodySpool {
    private struct State {
        var room: Int
        var open = 0
        var made = 0
        var largest = 0
    }
    private let state: Mutex<State>

    /// `room`: bytes until it is full.
    public init(room: Int = .max) { state = Mutex(State(room: room)) }

    /// Files that are still there, and all that were made.
    public var open: Int { state.withLock { $0.open } }
    public var made: Int { state.withLock { $0.made } }
    /// Of one append.
    public var largest: Int { state.withLock { $0.largest } }
    public func setRoom(_ room: Int) { state.withLock { $0.room = room } }

    public func makeFile() throws(StoreFailure) -> any SpoolFile {
        state.withLock {
            $0.open += 1
            $0.made += 1
        }
        return File(self)
    }

    private func take(_ bytes: Int) throws(StoreFailure) {
        let fits = state.withLock { state in
            state.largest = max(state.largest, bytes)
            guard bytes <= state.room else { return false }
            state.room -= bytes
            return true
        }
        if !fits { throw StoreFailure(.full, "the spool is full") }
    }

    private final class File: SpoolFile, @unchecked Sendable {
        func openReadOnly() -> Int32? { nil }

        // One thread at a time.
        private let spool: ScriptedSpool
        private var bytes: [UInt8] = []

        init(_ spool: ScriptedSpool) { self.spool = spool }
        deinit { spool.state.withLock { $0.open -= 1 } }

        func append(_ more: UnsafeRawBufferPointer) throws(StoreFailure) {
            try spool.take(more.count)
            bytes += more
        }

        func seal() throws(StoreFailure) -> Region {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyBytes(from: bytes)
            nonisolated(unsafe) let owned = copy
            return Region(adopting: UnsafeRawBufferPointer(copy), memory: 0, file: self) { owned.deallocate() }
        }
    }
}
