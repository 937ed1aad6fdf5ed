import Mail
import Synchronization

/// An in-flight journal that objects to what the test says, and remembers every stretch.
public final class RecordingJournal: InFlightJournal {
    private let state = Mutex((entered: [CriticalStretch](), open: 0, objection: String?.none))

    public init() {}

    /// Every stretch so far.
    public var entered: [CriticalStretch] { state.withLock { $0.entered } }
    /// Not left yet.
    public var open: Int { state.withLock { $0.open } }

    /// Against every message from now on.
    public func object(_ reason: String?) { state.withLock { $0.objection = reason } }

    /// Length, and the first bytes: enough to tell a test's messages apart.
    public func digest(of bytes: UnsafeRawBufferPointer) -> MessageDigest? {
        MessageDigest(words: (UInt64(bytes.count), UInt64(bytes.reduce(0) { $0 &+ Int($1) }), 0, 0))
    }

    public func objection(to digest: MessageDigest) -> String? { state.withLock { $0.objection } }

    public func enter(_ stretch: CriticalStretch) -> InFlightMark {
        state.withLock {
            $0.entered.append(stretch)
            $0.open += 1
        }
        return InFlightMark(slot: 0)
    }

    public func leave(_ mark: InFlightMark) { state.withLock { $0.open -= 1 } }
}
