import Foundation
import Inspect
import Logging
import Mail
import PluginHost
import PluginLoader
import Settings

/// The plugin host with the plan made from some settings: what the gateway, `check` and `scan` share.
struct Filters: Sendable {
    let host: PluginHost
    let plan: FilterPlan
    /// What lies in the plugin folders and cannot be used.
    let unusable: [LoadFailure]

    /// `copies`: where libraries are copied before they are loaded; nil: in a temporary folder, for a process that will load no others.
    init(
        _ settings: GatewaySettings, resolver: any Resolver, copies: String? = nil, crashes: String? = nil,
        state: any FilterState = NoFilterState(), http: any HTTPFetcher = NoHTTPFetcher(), journal: any InFlightJournal = NoJournal()
    ) throws {
        let temporary = copies == nil ? try Self.temporaryFolder() : nil
        // What is loaded stays mapped; the files are not needed any more.
        defer { if let temporary { try? FileManager.default.removeItem(atPath: temporary) } }
        host = PluginHost(
            folders: settings.plugins, copies: copies ?? temporary!, resolver: resolver, state: state, http: http, journal: journal,
            workers: WorkerProgram(path: WorkerProgram.beside, crashes: crashes), policy: settings.workers,
            logger: Logger(label: "plugins"))
        unusable = host.rescan()
        plan = try FilterPlan(snapshot: settings.policy, host: host)
    }

    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/postern-plugins-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw StartFailure("cannot make a folder in /tmp: \(String(cString: strerror(errno)))") }
        return String(cString: path)
    }

    /// Every slot that is enabled somewhere.
    static func slots(_ policy: PolicySnapshot) -> [FilterSlot] {
        ListenerRole.allCases.flatMap { role in
            policy.edge(for: role).filters + policy.domains.values.flatMap { $0.filters(for: role) }
        }.joined().filter(\.isEnabled)
    }
}
