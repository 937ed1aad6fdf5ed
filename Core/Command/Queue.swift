import ArgumentParser

/// `postern queue`: messages that wait.
struct Queue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What waits for delivery.",
        subcommands: [
            QueueList.self, QueueShow.self, QueueSummary.self, QueueFlush.self, QueueHold.self, QueueRelease.self, QueueDelete.self,
            QueueRequeue.self,
        ],
        defaultSubcommand: QueueList.self)
}
