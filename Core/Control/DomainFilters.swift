import Mail

/// The filters of a domain in force, in the order in which they run.
public struct DomainFilters: Codable, Hashable, Sendable {
    public var domain: String
    /// Of the configuration in force.
    public var generation: Int
    public var filters: [FilterRecord]

    public init(_ policy: DomainPolicy, generation: Int) {
        domain = policy.domain
        self.generation = generation
        filters = ListenerRole.allCases.flatMap { role in
            policy.filters(for: role).enumerated().flatMap { step, slots in slots.map { FilterRecord($0, step: step, role: role) } }
        }
    }
}

public struct FilterRecord: Codable, Hashable, Sendable {
    /// `inbound` or `outbound`: for which mail of the domain.
    public var role: String
    /// Filters of one step run together; the next step starts when all of them are done. Counts from 0.
    public var step: Int
    /// The slot's name: the plugin's ID unless it was given one.
    public var name: String
    public var plugin: String
    public var enabled: Bool
    public var required: Bool
    /// Runs and is reported, but never counts.
    public var shadow: Bool
    public var onError: String
    public var onTimeout: String
    public var onCrash: String
    /// Defaults of the plugin's schema filled in.
    public var settings: JSONValue

    public init(_ slot: FilterSlot, step: Int, role: ListenerRole) {
        self.role = role.rawValue
        self.step = step
        name = slot.name
        plugin = slot.plugin
        enabled = slot.isEnabled
        required = slot.isRequired
        shadow = slot.isShadow
        onError = slot.onError.rawValue
        onTimeout = slot.onTimeout.rawValue
        onCrash = slot.onCrash.rawValue
        settings = slot.settings
    }

    enum CodingKeys: String, CodingKey {
        case role, step, name, plugin, enabled, required, shadow, settings
        case onError = "on_error"
        case onTimeout = "on_timeout"
        case onCrash = "on_crash"
    }
}
