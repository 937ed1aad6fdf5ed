import Control
import Mail

/// A message of the queue or quarantine in words.
enum EntryText {
    /// A line for the message and one for each copy in one of `states`.
    static func printShort(_ entry: QueueEntry, states: Set<RecipientState>) {
        let words = Set(states.map(\.word))
        Terminal.print(head(entry))
        for copy in entry.recipients where words.contains(copy.state) { Terminal.print("  " + line(copy)) }
    }

    static func printWhole(_ entry: QueueEntry) {
        Terminal.print(head(entry))
        for copy in entry.recipients {
            Terminal.print("  " + line(copy))
            Terminal.print(
                Terminal.escaped("    domain \(copy.domain), score \(scoreText(copy.score)), attempts \(copy.attempts)")
                    + (copy.destination.map { Terminal.escaped(", goes to \($0)") } ?? "")
                    + (copy.nextAttempt.map { ", next attempt \(Terminal.escaped($0))" } ?? ""))
        }
    }

    private static func head(_ entry: QueueEntry) -> String {
        Terminal.colour(Terminal.escaped(entry.id), .bold)
            + Terminal.escaped("  \(Explanation.clock(entry.receivedAt))  \(Explanation.size(entry.size))  from <\(entry.reversePath)>")
            + (entry.role == "outbound" ? Terminal.escaped("  outbound\(entry.login.map { " by \($0)" } ?? "")") : "")
    }

    private static func line(_ copy: QueueCopy) -> String {
        let colour: Terminal.Colour =
            switch copy.state {
            case "delivered": .green
            case "quarantined", "bounced", "expired": .red
            case "held": .yellow
            default: .dim
            }
        let next =
            copy.attempts > 0 && copy.nextAttempt != nil ? ", attempt \(copy.attempts + 1) at \(Explanation.clock(copy.nextAttempt!))" : ""
        let reason = copy.reason.isEmpty ? "" : ": \(copy.reason)"
        return Terminal.colour(Terminal.escaped(copy.state), colour) + Terminal.escaped(" to <\(copy.address)>\(next)\(reason)")
    }
}
