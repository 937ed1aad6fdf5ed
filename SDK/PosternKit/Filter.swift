/// A filter: one instance per settings, asked in the phases that its manifest names.
///
/// A phase reads like ordinary async code and runs on the loop that called it, a piece at a time, between awaits: no thread of its own, no
/// lock needed for what belongs to one call. Instances are shared by all loops: keep them immutable, or guard what changes. Between two
/// awaits stay below 200 microseconds. Await only what `Call` offers: anything else (`Task.sleep`, another task) counts as waiting for
/// nothing and is a fault. With `"execution": "blocking"` it runs on threads of a pool instead, one at a time per run: between two awaits
/// it may block and compute for as long as its slot's time allows; it asks `call.isCancelled` now and then. A thrown error ends the run
/// with the result `error`; the slot's `on_error` then decides.
public protocol Filter: Sendable {
    /// The plugin's own metrics, made when it is loaded.
    static var metrics: [MetricDefinition] { get }
    /// `settings` fits the manifest's schema, defaults filled in. Throw `SettingsError` for what a schema cannot say.
    init(settings: Settings, host: Host) throws
    /// Says what is wrong with settings without making a filter of them: throws `SettingsError`, or `SettingsProblems` for several. A
    /// filter whose `init` starts something, or leaves slow work to a thread, has its own; otherwise `init` is tried.
    static func check(settings: Settings, host: Host) throws
    func connect(_ call: Call) async throws
    func helo(_ call: Call) async throws
    func auth(_ call: Call) async throws
    func mail(_ call: Call) async throws
    /// Once per recipient: `call.recipient`.
    func rcpt(_ call: Call) async throws
    /// The whole message: `call.message`.
    func data(_ call: Call) async throws
    /// Where mail is about to go: `call.require(...)`, or propose to defer or reject.
    func route(_ call: Call, _ route: Route) async throws
    /// The server at the way's end, before it hears of a message: nothing, or propose to defer or reject.
    func peer(_ call: Call, _ route: Route, _ peer: Peer) async throws
    /// What became of a copy, or of a session or recipient that was refused: observation only. Nobody waits, and some are never told.
    func outcome(_ call: Call, _ outcome: Outcome) async throws
}

extension Filter {
    public static var metrics: [MetricDefinition] { [] }
    public static func check(settings: Settings, host: Host) throws { _ = try Self(settings: settings, host: host) }
    public func connect(_ call: Call) async throws {}
    public func helo(_ call: Call) async throws {}
    public func auth(_ call: Call) async throws {}
    public func mail(_ call: Call) async throws {}
    public func rcpt(_ call: Call) async throws {}
    public func data(_ call: Call) async throws {}
    public func route(_ call: Call, _ route: Route) async throws {}
    public func peer(_ call: Call, _ route: Route, _ peer: Peer) async throws {}
    public func outcome(_ call: Call, _ outcome: Outcome) async throws {}
}

/// Where in a message's path a filter is asked. In the order of the path.
public enum Phase: UInt32, Sendable, CaseIterable, Comparable {
    case connect, helo, auth, mail, rcpt, data, route, peer, outcome

    public static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
}

/// The run cannot give a verdict. `text` is for the operator's log.
public struct FilterError: Error, Sendable, CustomStringConvertible {
    public var text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
}
