/// One entry of a list of filters: a plugin with its settings, under a name.
public struct FilterSlot: Hashable, Sendable {
    /// Unique within its list: the plugin's ID unless `name:` is given.
    public var name: String
    public var plugin: String
    public var isEnabled = true
    /// The plugin's own settings, defaults of its schema filled in.
    public var settings: JSONValue = .object([:])
    /// Where it runs; nil: where its manifest recommends.
    public var home: FilterManifest.Home?
    public var onError = FailureAction.defer
    public var onTimeout = FailureAction.defer
    public var onCrash = FailureAction.quarantine
    /// nil: the phase's default of `Limits`.
    public var timeout: Duration?
    /// Without a verdict of this slot nothing is delivered.
    public var isRequired = false
    /// Runs and is reported, but nothing of it counts.
    public var isShadow = false

    public init(name: String, plugin: String) {
        self.name = name
        self.plugin = plugin
    }
}

/// A step of a list of filters: one slot, or several that run together. The next step starts when all of them are done.
public typealias FilterStep = [FilterSlot]
