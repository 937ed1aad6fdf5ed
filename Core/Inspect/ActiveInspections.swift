import Mail
import Synchronization

/// The inspections under way, so that an operator can ask what each of them waits for.
final class ActiveInspections: Sendable {
    private struct Entry {
        weak var inspection: (any ActiveInspection)?
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    func enter(_ inspection: any ActiveInspection) {
        entries.withLock { $0[ObjectIdentifier(inspection)] = Entry(inspection: inspection) }
    }

    func leave(_ inspection: any ActiveInspection) {
        entries.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(inspection)) }
    }

    var all: [any ActiveInspection] { entries.withLock { $0.values.compactMap(\.inspection) } }
}

/// A session, or a stored message that is judged again.
protocol ActiveInspection: AnyObject, Sendable {
    var loop: any SerialLoop { get }
    /// On `loop`.
    var waits: [InFlightWait] { get }
}
