/// Where filters run. PluginHost implements it; Inspect uses it; tests have scripted ones.
public protocol FilterHost: FilterCatalogue {
    /// The instance for a slot's plugin and settings, made when first needed and shared by all slots that are equal in both.
    /// Throws when the plugin cannot be loaded or refuses the settings; the text is for the operator.
    func instance(for slot: FilterSlot) throws -> any FilterInstance

    /// The same for one domain's list of filters: in the home `worker-per-domain` it shares nothing with other domains.
    func instance(for slot: FilterSlot, of domain: String) throws -> any FilterInstance
}

extension FilterHost {
    public func instance(for slot: FilterSlot, of domain: String) throws -> any FilterInstance { try instance(for: slot) }
}

/// A plugin with settings. Any thread, but each run stays on the loop that it was started on.
public protocol FilterInstance: AnyObject, Sendable {
    var manifest: FilterManifest { get }
    /// `<plugin>@<generation>#<settings digest>`: equal keys, equal results within the declared scope.
    var key: String { get }
    var home: FilterManifest.Home { get }

    /// Starts a run; call on `loop`. Events come on `loop`, possibly before this returns: `.detached` at most once, then `.finished` exactly
    /// once (with `.cancelled` after `cancel`).
    func start(_ call: FilterCall, on loop: any SerialLoop, events: @escaping @Sendable (FilterRunEvent) -> Void) -> any FilterRun
}

/// A run: from START to its verdict.
public protocol FilterRun: AnyObject, Sendable {
    /// On the run's loop. Ends the run now: with `.timeout` the verdict says what it was waiting for.
    func cancel(_ reason: CancelReason)
    /// What it waits for: `dns A 2.0.0.127.zen.example 1.2s`. On the run's loop.
    var waits: [String] { get }
}

public enum CancelReason: Sendable { case timeout, sessionEnded }

public enum FilterRunEvent: Sendable {
    /// Goes on by itself; must be joined before that phase.
    case detached(joinBefore: Phase)
    /// `filter`, `onFailure`, `isRequired` and `recipients` are filled in by the one who asked.
    case finished(Verdict)
}

/// A phase call's content. Values and references only, so that it can be handed to any home.
public struct FilterCall: Sendable {
    public var phase: Phase
    public var session: SessionFacts
    /// From mail on.
    public var envelope: Envelope?
    /// The recipients that this run is about: for rcpt the one in question, for data those that share it.
    public var recipients: RecipientSet
    /// The configured domain on whose behalf it runs; nil at the edge.
    public var domain: String?
    /// From data on.
    public var message: ReceivedMessage?
    /// For `log/1`: lines carry it.
    public var queueID: QueueID?
    /// The slot's name, for logs and waits.
    public var slotName: String
    /// What was found before; for a plugin that names `postern.verdicts/1`.
    public var earlier: [EarlierVerdict] = []
    /// For outcome only.
    public var outcome: OutcomeRecord?
    /// For route and peer.
    public var route: RouteQuestion?
    /// For peer only.
    public var peer: PeerFacts?

    public init(
        phase: Phase, session: SessionFacts, envelope: Envelope? = nil, recipients: RecipientSet = .none, domain: String? = nil,
        message: ReceivedMessage? = nil, queueID: QueueID? = nil, slotName: String
    ) {
        self.phase = phase
        self.session = session
        self.envelope = envelope
        self.recipients = recipients
        self.domain = domain
        self.message = message
        self.queueID = queueID
        self.slotName = slotName
    }
}
