import Control
import Mail

/// An operation on all copies that pass a filter: page by page, so that the gateway never has much to do at once, and what was done stays
/// done when it is interrupted.
struct ChangeRun {
    private struct Sum: Encodable {
        var operation: String
        var changed = 0
        var messages = 0
        var examined = 0
    }

    private let operation: QueueOperation
    private var query: QueueQuery
    private let client: ControlClient

    init(_ operation: QueueOperation, _ query: QueueQuery, _ client: ControlClient) {
        self.operation = operation
        self.query = query
        self.client = client
    }

    func run(asJSON: Bool) async throws {
        var query = query
        var sum = Sum(operation: operation.rawValue)
        let progress = Progress()
        defer { progress.end() }
        // Mail that comes meanwhile is not meant: else this might never end.
        let start = QueueID.first(at: Terminal.now)
        while true {
            let page = try await client.carryOut(operation, where: query)
            sum.changed += page.changed
            sum.messages += page.messages
            sum.examined += page.examined
            progress.show("\(sum.examined) messages looked at, \(sum.changed) copies \(operation.participle)")
            guard let next = page.next.flatMap({ QueueID($0) }), next < start, query.after.map({ $0 < next }) ?? true else { break }
            query.after = next
        }
        progress.end()
        if asJSON { return try Terminal.printJSON(sum) }
        let copies = sum.changed == 1 ? "1 copy" : "\(sum.changed) copies"
        Terminal.print("\(copies) \(operation.participle), of \(sum.messages == 1 ? "1 message" : "\(sum.messages) messages")")
    }
}

/// How far a command is, on a terminal, from the second on.
final class Progress {
    private let began = ContinuousClock.now
    private var isShown = false

    func show(_ text: String) {
        guard isShown || began.duration(to: .now) >= .seconds(1) else { return }
        isShown = true
        Terminal.progress(text)
    }

    func end() {
        if isShown { Terminal.endProgress() }
        isShown = false
    }
}
