import Mail

/// All that the configuration folder says, validated. Paths are absolute or relative to the working folder, never to the configuration's.
public struct GatewaySettings: Sendable {
    public var hostname: String
    public var listeners: [ListenerSettings]
    /// Where each certificate of the listeners is named.
    public var certificatePlaces: [ServerTLSPolicy.Files: SettingsPlace]
    /// Folder of the store.
    public var data: String
    /// Path of the control socket.
    public var control: String
    /// Folders that are searched for plugins, in order.
    public var plugins: [String]
    public var dns: DNSSettings
    public var log: LogSettings
    /// The file with the secrets of rewritten reverse-paths (SRS); nil: the data folder's own.
    public var rewritingSecrets: String?
    /// How much filters may remember.
    public var state: StateSettings
    /// A file of certificates that filters' HTTPS requests trust; nil: the system's.
    public var httpTrustRoots: String?
    /// What workers may have.
    public var workers: WorkerPolicy
    /// Where metrics are served besides the control socket.
    public var metrics: SocketEndpoint?
    /// What can change while the gateway runs.
    public var policy: PolicySnapshot
    /// Warnings only.
    public var warnings: [SettingsProblem]
    /// Every file that was read: a change of one may change these settings.
    public var files: [String]

    /// Names of what differs from `other` and takes effect only after a restart. What is in the files of certificates does not count.
    public func needsRestart(since other: GatewaySettings) -> [String] {
        var names: [String] = []
        if listeners != other.listeners { names.append("listen") }
        if data != other.data { names.append("data") }
        if control != other.control { names.append("control") }
        if plugins != other.plugins { names.append("plugins") }
        if dns != other.dns { names.append("dns") }
        if log != other.log { names.append("log") }
        if rewritingSecrets != other.rewritingSecrets { names.append("srs") }
        if state != other.state { names.append("state") }
        if httpTrustRoots != other.httpTrustRoots { names.append("http") }
        if metrics != other.metrics { names.append("metrics") }
        return names
    }
}

/// `dns:` where questions go.
public struct DNSSettings: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        /// To these servers.
        case forward([SocketEndpoint])
        /// From the root down.
        case recursive
        /// Answers come from a JSON file and nothing leaves the machine: for demonstrations and tests.
        case file(String)
    }

    public var source: Source
    /// Zone files with DNSKEY or DS records to trust; empty: nothing is validated.
    public var trustAnchors: [String]
    /// Of one question.
    public var timeout: Duration
}

/// `state:` how much filters may remember.
public struct StateSettings: Hashable, Sendable {
    /// Of one plugin for one domain.
    public var perDomain = StateQuota.perSpace
    /// Of one plugin in all.
    public var perPlugin = StateQuota.perPlugin
}

/// `log:` the mail-flow log.
public struct LogSettings: Hashable, Sendable {
    public enum Format: String, Sendable, CaseIterable { case logfmt, json }

    public var format: Format
    /// nil: standard output.
    public var file: String?
}
