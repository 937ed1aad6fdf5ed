import ArgumentParser
import Control
import Mail

/// `postern queue flush`.
struct QueueFlush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Tries waiting copies now: those of some messages, those that pass a filter, or all.",
        discussion: "A destination that is down is tried once for all of them.")

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try control.client()
        // All at once takes the gateway no longer than one.
        if selection.all, selection.state == nil {
            let changed = try await client.flush(.all).changed
            return try Terminal.printChanged(changed, .flush, asJSON: output.json)
        }
        try await selection.carryOut(.flush, with: client, asJSON: output.json)
    }
}

/// `postern queue hold`.
struct QueueHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keeps waiting copies back until they are released or deleted.",
        discussion: "Mail that comes later is not kept back.")

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await selection.carryOut(.hold, with: control.client(), asJSON: output.json) }
}

/// `postern queue release`.
struct QueueRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Queues held and quarantined copies for delivery now.",
        discussion: """
            With a filter or --all and neither --state nor --reason only those that `queue hold` has kept back: what was found bad stays \
            in quarantine.
            """)

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await selection.carryOut(
            .release, with: control.client(), asJSON: output.json, filterStates: [.quarantined], reason: "held by ")
    }
}

/// `postern queue delete`.
struct QueueDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Gives up queued, held and quarantined copies. The sender is not told.",
        discussion: "With a filter or --all and without --state only queued and held ones.")

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await selection.carryOut(.delete, with: control.client(), asJSON: output.json, filterStates: QueueQuery.waiting)
    }
}

/// `postern queue requeue`.
struct QueueRequeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Tries copies again from the start: their attempts are forgotten, their destination is chosen anew.",
        discussion: "Queued and held copies unless --state names others. A held copy is judged again, as with --inspect.")

    @Flag(help: "Judge them again first, by the policy in force now.") var inspect = false
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await selection.carryOut(
            inspect ? .inspect : .requeue, with: control.client(), asJSON: output.json, filterStates: QueueQuery.waiting)
    }
}
