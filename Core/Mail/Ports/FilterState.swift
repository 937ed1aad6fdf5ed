/// What filters remember. Store implements it. Any thread; the completion comes once, on any thread, possibly before this returns, and must be
/// short.
public protocol FilterState: Sendable {
    /// Those of one caller are carried out in the order of the calls. A change is durable when the completion says so.
    func perform(_ request: StateRequest, in space: StateSpace, completion: @escaping @Sendable (StateAnswer) -> Void)
}

/// Where keys mean something: a plugin, on behalf of a domain.
public struct StateSpace: Hashable, Sendable {
    public var plugin: String
    /// nil: shared by all domains, and the edge's.
    public var domain: String?

    public init(plugin: String, domain: String?) {
        self.plugin = plugin
        self.domain = domain
    }
}

/// How much a plugin may keep. What is past it is refused, and nothing else suffers.
public struct StateQuota: Hashable, Sendable {
    public var entries: Int
    /// Keys, values, and 64 bytes for each entry.
    public var bytes: Int

    public init(entries: Int, bytes: Int) {
        self.entries = entries
        self.bytes = bytes
    }

    /// In one space: 200,000 entries of 320 bytes.
    public static let perSpace = StateQuota(entries: 200_000, bytes: 64 << 20)
    /// In all its spaces together.
    public static let perPlugin = StateQuota(entries: 10_000_000, bytes: 4 << 30)
}

/// Remembers nothing: for processes without a data folder.
public struct NoFilterState: FilterState {
    public init() {}
    public func perform(_ request: StateRequest, in space: StateSpace, completion: @escaping @Sendable (StateAnswer) -> Void) {
        completion(StateAnswer(.failed, detail: "nothing is kept in this process"))
    }
}
