import Mail
import Synchronization

/// A policy snapshot with an instance for every enabled slot: what a transaction is pinned to. Immutable.
public final class FilterPlan: Sendable {
    public let snapshot: PolicySnapshot
    /// Another for each plan.
    let number: UInt64
    private static let numbers = Atomic<UInt64>(0)
    private let edges: [ListenerRole: [[PlannedSlot]]]
    /// By role; keyed by the domain's main name.
    private let domains: [ListenerRole: [String: [[PlannedSlot]]]]
    /// Those with the phase `outcome`.
    private let edgeWatchers: [ListenerRole: [PlannedSlot]]
    private let watchers: [ListenerRole: [String: [PlannedSlot]]]
    /// Those with the phase `route`.
    private let routers: [ListenerRole: [String: [PlannedSlot]]]
    /// Those with the phase `peer`.
    private let peerJudges: [ListenerRole: [String: [PlannedSlot]]]

    /// Makes the instances that are missing. Throws the first plugin's refusal, so that a reload can be refused whole.
    public init(snapshot: PolicySnapshot, host: any FilterHost) throws {
        self.snapshot = snapshot
        struct Key: Hashable {
            var slot: FilterSlot
            /// nil: shared by all.
            var domain: String?
        }
        var made: [Key: any FilterInstance] = [:]
        func plan(_ steps: [FilterStep], of domain: String?) throws -> [[PlannedSlot]] {
            try steps.compactMap { step in
                let planned = try step.filter(\.isEnabled).map { slot in
                    let home = slot.home ?? host.manifest(of: slot.plugin)?.recommendedHome
                    let key = Key(slot: slot, domain: home == .workerPerDomain ? domain : nil)
                    if let instance = made[key] { return PlannedSlot(slot: slot, instance: instance) }
                    let instance = try key.domain.map { try host.instance(for: slot, of: $0) } ?? host.instance(for: slot)
                    made[key] = instance
                    return PlannedSlot(slot: slot, instance: instance)
                }
                return planned.isEmpty ? nil : planned
            }
        }
        var edges: [ListenerRole: [[PlannedSlot]]] = [:]
        var domains: [ListenerRole: [String: [[PlannedSlot]]]] = [:]
        for role in ListenerRole.allCases {
            edges[role] = try plan(snapshot.edge(for: role).filters, of: nil)
            for (name, policy) in snapshot.domains where name == policy.domain {
                let steps = try plan(policy.filters(for: role), of: name)
                if !steps.isEmpty { domains[role, default: [:]][name] = steps }
            }
        }
        self.edges = edges
        self.domains = domains
        func having(_ phase: Phase) -> ([[PlannedSlot]]) -> [PlannedSlot] { { $0.joined().filter { $0.phases.contains(phase) } } }
        edgeWatchers = edges.mapValues(having(.outcome))
        watchers = domains.mapValues { $0.mapValues(having(.outcome)).filter { !$0.value.isEmpty } }
        routers = domains.mapValues { $0.mapValues(having(.route)).filter { !$0.value.isEmpty } }
        peerJudges = domains.mapValues { $0.mapValues(having(.peer)).filter { !$0.value.isEmpty } }
        number = Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// What sessions of this role run before any recipient is known.
    func edge(for role: ListenerRole) -> [[PlannedSlot]] { edges[role] ?? [] }

    /// `domain`: the main name.
    func steps(of domain: String, for role: ListenerRole) -> [[PlannedSlot]] { domains[role]?[domain] ?? [] }

    /// Whom an outcome of this role's mail is told at the edge.
    func edgeWatchers(for role: ListenerRole) -> [PlannedSlot] { edgeWatchers[role] ?? [] }

    /// Whom an outcome of this domain's mail is told. `domain`: the main name.
    func watchers(of domain: String, for role: ListenerRole) -> [PlannedSlot] { watchers[role]?[domain] ?? [] }

    /// Who is asked about the way of this domain's mail. `domain`: the main name.
    func routers(of domain: String, for role: ListenerRole) -> [PlannedSlot] { routers[role]?[domain] ?? [] }

    /// Who is asked about the servers that take this domain's mail. `domain`: the main name.
    func peerJudges(of domain: String, for role: ListenerRole) -> [PlannedSlot] { peerJudges[role]?[domain] ?? [] }

    /// What judges a copy: the policy of its domain as far as it still has one for mail of this role.
    func policy(of domain: String, for role: ListenerRole) -> DomainPolicy? {
        snapshot.domains[domain].flatMap { $0.takes(role) ? $0 : nil }
    }
}

/// A slot with the instance that runs it.
struct PlannedSlot: Sendable {
    let slot: FilterSlot
    let instance: any FilterInstance
    let phases: Set<Phase>

    init(slot: FilterSlot, instance: any FilterInstance) {
        self.slot = slot
        self.instance = instance
        phases = instance.manifest.phases
    }

    /// A run's verdict as this slot's: its name, what its settings say of a failure, the host's symbol for it.
    func attribute(_ verdict: Verdict, to recipients: RecipientSet) -> Verdict {
        var own = verdict
        own.filter = slot.name
        own.recipients = recipients
        own.isRequired = slot.isRequired
        own.isShadow = slot.isShadow
        // Nothing follows from its failure, and no symbol of the host's says so: the result does.
        if slot.isShadow {
            own.onFailure = nil
            return own
        }
        switch verdict.result {
        case .done, .cancelled: own.onFailure = nil
        case .error: own.onFailure = slot.onError
        case .timeout: own.onFailure = slot.onTimeout
        case .crash: own.onFailure = slot.onCrash
        }
        if own.onFailure != nil {
            let name = String(decoding: slot.name.utf8.map { Self.symbolByte($0) }, as: UTF8.self)
            own.symbols.append(Symbol(name: "PLUGIN_\(name)_\(verdict.result.rawValue.uppercased())", detail: verdict.detail))
        }
        return own
    }

    private static func symbolByte(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 97...122: byte - 32
        case 65...90, 48...57: byte
        default: UInt8(ascii: "_")
        }
    }
}
