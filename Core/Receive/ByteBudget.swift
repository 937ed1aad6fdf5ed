import Synchronization

/// The bytes of all messages between DATA and their answer, against one limit. Any thread.
final class ByteBudget: Sendable {
    private let used = Atomic<Int>(0)

    var inUse: Int { used.load(ordering: .relaxed) }

    /// True when `bytes` more fit now; takes nothing, since the client may have lied.
    func hasRoom(for bytes: Int, limit: Int) -> Bool { inUse.addingReportingOverflow(bytes).partialValue <= limit && bytes <= limit }

    /// All or nothing.
    func reserve(_ bytes: Int, limit: Int) -> Bool {
        let after = used.add(bytes, ordering: .relaxed).newValue
        if after <= limit { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Past the limit if need be.
    func take(_ bytes: Int) { used.add(bytes, ordering: .relaxed) }

    func release(_ bytes: Int) { if bytes > 0 { used.subtract(bytes, ordering: .relaxed) } }
}
