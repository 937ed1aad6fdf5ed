import ArgumentParser
import Control
import Mail
import Settings

/// Which copies are meant, beside their states.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only copies for this recipient domain, or judged by it. * and ? are wildcards.", valueName: "domain"))
    var domain: String?

    @Option(help: ArgumentHelp("Only copies for this recipient, as in '*@example.com'.", valueName: "address"))
    var to: String?

    @Option(help: ArgumentHelp("Only messages with this reverse-path, '<>' for the null one.", valueName: "address"))
    var from: String?

    @Option(help: ArgumentHelp("Only copies whose reason has this text in it.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("Only messages that are here for longer, as in 30m, 12h, 2d.", valueName: "duration"))
    var olderThan: String?

    func validate() throws { _ = try filter() }

    func filter() throws -> CopyFilter {
        for (name, value) in [("domain", domain), ("to", to), ("from", from), ("reason", reason)] where value?.isEmpty == true {
            throw ValidationError("--\(name) is empty")
        }
        let age = try olderThan.map { text in
            guard let age = Units.duration(text) else { throw ValidationError("'\(text)' is no duration: give one as 30m, 12h or 2d") }
            return age
        }
        return CopyFilter(domain: domain, to: to, from: from, reason: reason, olderThan: age)
    }
}

/// Words of `RecipientState` on the command line.
enum StateWords {
    static func parse(_ text: String, among possible: Set<RecipientState>) throws -> Set<RecipientState> {
        if text == "all" { return possible }
        return Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let state = RecipientState(word: word), possible.contains(state) else {
                    throw ValidationError("'\(word)' is no state here: there are all, \(list(possible))")
                }
                return state
            })
    }

    static func list(_ states: Set<RecipientState>) -> String {
        states.sorted { $0.rawValue < $1.rawValue }.map(\.word).joined(separator: ", ")
    }
}

/// The copies that an operation is for: those of some messages, or all that pass a filter.
struct SelectionOptions: ParsableArguments {
    @Argument(help: "Queue IDs; or say which copies are meant by the options below.") var ids: [QueueID] = []
    @OptionGroup(title: "Which copies") var filters: FilterOptions
    @Option(help: ArgumentHelp("Only copies in this state, several with commas, or all.", valueName: "state")) var state: String?
    @Flag(help: "All that are in such a state.") var all = false

    func validate() throws {
        let isFiltered = try !filters.filter().isEmpty
        guard [!ids.isEmpty, isFiltered, all].count(where: { $0 }) == 1 else {
            throw ValidationError("Give queue IDs, or options that say which copies, or --all: one of them.")
        }
    }

    /// Carries out an operation and says what became of it; fails at the end if it failed for one of the IDs.
    /// - Parameters:
    ///   - states: those meant when none is named, with IDs and with a filter.
    ///   - reason: with a filter, unless a state or reason is named.
    func carryOut(
        _ operation: QueueOperation, with client: ControlClient, asJSON: Bool, among possible: Set<RecipientState>? = nil,
        filterStates: Set<RecipientState>? = nil, reason: String? = nil
    ) async throws {
        let possible = possible ?? operation.states
        let named = try state.map { try StateWords.parse($0, among: possible) }
        if !ids.isEmpty {
            return try await changeEach(ids, verb: operation.participle, asJSON: asJSON) {
                try await client.carryOut(operation, on: $0, in: named ?? possible)
            }
        }
        var filter = try filters.filter()
        if named == nil, filter.reason == nil { filter.reason = reason }
        let query = QueueQuery(states: named ?? filterStates ?? possible, filter: filter)
        try await ChangeRun(operation, query, client).run(asJSON: asJSON)
    }
}
