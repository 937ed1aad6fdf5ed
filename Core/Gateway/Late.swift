import Synchronization

/// A reference that is filled in once its object exists: for two parts that need each other.
final class Late<Value: Sendable>: Sendable {
    private let held = Mutex<Value?>(nil)

    var value: Value? { held.withLock { $0 } }

    func set(_ value: Value) { held.withLock { $0 = value } }
}
