import Mail
import Synchronization

/// Why no more mail is taken until the next start. The first reason stays, and is reported. Any thread.
final class AcceptStop: Sendable {
    private let found = Mutex<StoreFailure?>(nil)
    private let isSet = Atomic(false)
    private let report: @Sendable (String) -> Void

    init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    var failure: StoreFailure? { isSet.load(ordering: .acquiring) ? found.withLock { $0 } : nil }

    func set(_ failure: StoreFailure) {
        let isFirst = found.withLock { found in
            defer { found = found ?? failure }
            return found == nil
        }
        isSet.store(true, ordering: .releasing)
        if isFirst { report(failure.text) }
    }
}
