/// What NAME.manifest.json declares; read without loading the library. The host enforces it.
public struct FilterManifest: Hashable, Sendable {
    /// The plugin's ID as configuration names it: lower case, digits, `-`.
    public var id: String
    public var version: String
    public var vendor: String
    public var licence: String
    public var summary: String
    public var phases: Set<Phase>
    /// A name ending in `*` declares a family (`RBL_*`).
    public var symbols: [DeclaredSymbol]
    /// JSON Schema (the subset that SDK's README names) of the settings.
    public var schema: JSONValue
    public var rights: Set<Right>
    /// Service IDs: `postern.dns/1`.
    public var requires: [String]
    public var optional: [String]
    /// What of the disk it reads. A worker is granted it, and nothing else.
    public var files: [FileGrant]
    /// It needs a folder of its own to write into while it works.
    public var needsTemporary: Bool
    public var execution: ExecutionClass
    public var concurrency: ConcurrencyMode
    public var scope: ResultScope
    /// What it is shown of a message, besides its bytes.
    public var needs: ContentNeeds
    public var homes: [Home]
    public var recommendedHome: Home
    /// HTTP servers that it may ask.
    public var egress: [EgressRule]

    public init(
        id: String, version: String, vendor: String, licence: String, summary: String, phases: Set<Phase>, symbols: [DeclaredSymbol],
        schema: JSONValue, rights: Set<Right>, requires: [String], optional: [String], execution: ExecutionClass,
        concurrency: ConcurrencyMode,
        scope: ResultScope, homes: [Home], recommendedHome: Home, egress: [EgressRule] = [], files: [FileGrant] = [],
        needsTemporary: Bool = false, needs: ContentNeeds = []
    ) {
        self.id = id
        self.version = version
        self.vendor = vendor
        self.licence = licence
        self.summary = summary
        self.phases = phases
        self.symbols = symbols
        self.schema = schema
        self.rights = rights
        self.requires = requires
        self.optional = optional
        self.files = files
        self.needsTemporary = needsTemporary
        self.execution = execution
        self.concurrency = concurrency
        self.scope = scope
        self.needs = needs
        self.homes = homes
        self.recommendedHome = recommendedHome
        self.egress = egress
    }

    public struct DeclaredSymbol: Hashable, Sendable {
        public var name: String
        public var defaultScore: Double
        public var description: String
        public init(name: String, defaultScore: Double, description: String) {
            self.name = name
            self.defaultScore = defaultScore
            self.description = description
        }
    }

    public enum Right: String, Sendable, CaseIterable {
        case reject, `defer`, discard, quarantine, redirect, route
        case addHeaders = "add-headers"
    }

    public enum ExecutionClass: String, Sendable, CaseIterable { case nonblocking, blocking }

    public enum ConcurrencyMode: String, Sendable, CaseIterable {
        case parallel, serial
        case perSession = "per-session"
    }

    /// For whom a result holds: which recipients may share it.
    public enum ResultScope: String, Sendable, CaseIterable { case session, message, domain, recipient }

    public enum Home: String, Sendable, CaseIterable {
        case host, worker
        case workerPerDomain = "worker-per-domain"
    }

    /// Services whose results differ from domain to domain.
    public enum Service {
        public static let state = "postern.state/1"
        public static let verdicts = "postern.verdicts/1"
    }

    /// It asks for the service, whether it can do without or not.
    public func names(_ service: String) -> Bool { requires.contains(service) || optional.contains(service) }

    /// The paths that a worker is granted for these settings, sorted. `isFolder` looks at the disk.
    public func paths(in settings: JSONValue, isFolder: (String) -> Bool) -> [String] {
        Set(files.flatMap { $0.paths(in: settings, isFolder: isFolder) }).sorted()
    }

    /// The settings with every path in them that a worker would be granted as `resolve` has it.
    public func resolvingPaths(in settings: JSONValue, _ resolve: (String) -> String) -> JSONValue {
        files.reduce(settings) { $1.resolvingPaths(in: $0, resolve) }
    }

    /// The declaration that covers a symbol: the exact one, else the longest family.
    public func declaration(of symbol: String) -> DeclaredSymbol? {
        var best: DeclaredSymbol?
        for declared in symbols {
            if declared.name == symbol { return declared }
            if declared.name.last == "*", symbol.hasPrefix(declared.name.dropLast()), declared.name.utf8.count > best?.name.utf8.count ?? 0
            {
                best = declared
            }
        }
        return best
    }
}

/// Which plugins there are. Settings checks slots against it; the plugin host implements it.
public protocol FilterCatalogue: Sendable {
    func manifest(of plugin: String) -> FilterManifest?
    /// For the error that names the nearest one.
    var pluginNames: [String] { get }
    /// Why a plugin that is installed cannot be used, for the operator; nil when nothing is known of it.
    func trouble(with plugin: String) -> String?
}

extension FilterCatalogue {
    public func trouble(with plugin: String) -> String? { nil }
}
