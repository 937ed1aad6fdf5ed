import Mail
import Synchronization

/// Values by digest, in memory: what was used longest ago makes room for what is new (`postern.cache/1`). Any thread.
final class DigestCache: Sendable {
    static let mostValueBytes = 65536
    /// Beside a value.
    static let entryBytes = 128

    fileprivate struct Entry {
        var digest: MessageDigest
        var value: [UInt8]
        /// Of the monotonic clock, nanoseconds.
        var expiresAt: UInt64
        /// Places in `entries`: towards what was used more and less recently; -1: there is none.
        var newer = -1
        var older = -1
    }

    fileprivate struct State {
        var places: [MessageDigest: Int] = [:]
        var entries: [Entry] = []
        var free: [Int] = []
        var newest = -1
        var oldest = -1
        var bytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// `limit`: bytes of all values and what they need.
    init(limit: Int = 32 << 20) { self.limit = limit }

    var bytes: Int { state.withLock { $0.bytes } }
    var count: Int { state.withLock { $0.places.count } }

    /// Gives what is stored to `body`, under the lock; nil: nothing is.
    func get<R>(_ digest: MessageDigest, at now: UInt64, _ body: ([UInt8]) -> R) -> R? {
        state.withLock { state -> R? in
            guard let place = state.places[digest] else { return nil }
            if state.entries[place].expiresAt <= now {
                state.remove(place)
                return nil
            }
            state.unlink(place)
            state.link(place)
            return body(state.entries[place].value)
        }
    }

    func put(_ digest: MessageDigest, _ value: [UInt8], expiresAt: UInt64) {
        state.withLock { state in
            if let place = state.places[digest] { state.remove(place) }
            let entry = Entry(digest: digest, value: value, expiresAt: expiresAt)
            let place: Int
            if let free = state.free.popLast() {
                place = free
                state.entries[place] = entry
            } else {
                place = state.entries.count
                state.entries.append(entry)
            }
            state.places[digest] = place
            state.bytes += value.count + Self.entryBytes
            state.link(place)
            while state.bytes > limit, state.oldest >= 0 { state.remove(state.oldest) }
        }
    }

    func remove(_ digest: MessageDigest) -> Bool {
        state.withLock { state in
            guard let place = state.places[digest] else { return false }
            state.remove(place)
            return true
        }
    }
}

extension DigestCache.State {
    /// As the newest.
    fileprivate mutating func link(_ place: Int) {
        entries[place].newer = -1
        entries[place].older = newest
        if newest >= 0 { entries[newest].newer = place }
        newest = place
        if oldest < 0 { oldest = place }
    }

    fileprivate mutating func unlink(_ place: Int) {
        let (newer, older) = (entries[place].newer, entries[place].older)
        if newer >= 0 { entries[newer].older = older } else { newest = older }
        if older >= 0 { entries[older].newer = newer } else { oldest = newer }
    }

    fileprivate mutating func remove(_ place: Int) {
        unlink(place)
        places[entries[place].digest] = nil
        bytes -= entries[place].value.count + DigestCache.entryBytes
        entries[place].value = []
        free.append(place)
    }
}
