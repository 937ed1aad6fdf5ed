import Mail
import Synchronization

/// A mail-flow log that keeps its lines for the test.
public final class RecordingMailLog: MailLog {
    private let lines = Mutex<[MailEvent]>([])

    public init() {}

    public func write(_ event: MailEvent) { lines.withLock { $0.append(event) } }

    public var events: [MailEvent] { lines.withLock { $0 } }

    /// The lines of one event.
    public func events(_ name: String) -> [MailEvent] { events.filter { "\($0.name)" == name } }
}

extension MailEvent {
    /// The text of a field, nil if there is none or it is no text.
    public func text(_ key: String) -> String? {
        for (name, value) in fields where "\(name)" == key { if case .text(let text) = value { return text } }
        return nil
    }
}
