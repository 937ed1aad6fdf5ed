import Mail

/// The questions to the next hops of one domain: equal ones are asked once, several go in one transaction, and few transactions run at a
/// time. The pure part: `CalloutVerifier` carries it out.
struct CalloutLine {
    /// Transactions to one domain's next hops at a time.
    static let concurrency = 2
    /// Questions of one transaction, the one about a mailbox that cannot exist not counted.
    static let together = 20
    /// Questions that may wait; more are undetermined at once.
    static let mostWaiting = 1000

    typealias Completion = @Sendable (RecipientExistence) -> Void

    private struct Question {
        var address: EmailAddress
        var waiting: [Int: Completion] = [:]
        var isRunning = false
    }

    private var questions: [String: Question] = [:]
    /// Keys in order; those that nobody waits for any more are skipped.
    private var line: [String] = []
    private(set) var running = 0

    var isEmpty: Bool { questions.isEmpty && running == 0 }

    /// False: too many wait.
    mutating func ask(_ address: EmailAddress, id: Int, completion: @escaping Completion) -> Bool {
        let key = address.key
        if questions[key] == nil {
            guard questions.count < Self.mostWaiting else { return false }
            questions[key] = Question(address: address)
            line.append(key)
        }
        questions[key]!.waiting[id] = completion
        return true
    }

    /// Somebody waits no longer. What runs goes on: its answer will be remembered.
    mutating func giveUp(_ address: EmailAddress, id: Int) -> Completion? {
        let key = address.key
        let completion = questions[key]?.waiting.removeValue(forKey: id)
        if let question = questions[key], !question.isRunning, question.waiting.isEmpty {
            questions[key] = nil
            line.removeAll { $0 == key }
        }
        return completion
    }

    /// What the next transaction asks; nil: none may start, or nothing waits.
    mutating func next() -> [EmailAddress]? {
        guard running < Self.concurrency, !line.isEmpty else { return nil }
        // One address beyond ASCII would make a next hop without SMTPUTF8 turn all of them away: it goes alone.
        let ascii = line.prefix(Self.together).prefix { $0.utf8.allSatisfy { $0 < 128 } }
        let keys = ascii.isEmpty ? line.prefix(1) : ascii
        line.removeFirst(keys.count)
        running += 1
        return keys.map { key in
            questions[key]!.isRunning = true
            return questions[key]!.address
        }
    }

    /// A transaction's end: who is to be told what.
    mutating func finished(_ answers: [(EmailAddress, RecipientExistence)]) -> [(Completion, RecipientExistence)] {
        running -= 1
        return answers.flatMap { address, existence in
            (questions.removeValue(forKey: address.key)?.waiting.values.map { $0 } ?? []).map { ($0, existence) }
        }
    }

    /// All that wait, for an answer that holds for everybody.
    mutating func takeWaiting() -> [Completion] {
        let keys = line
        line = []
        return keys.flatMap { questions.removeValue(forKey: $0)?.waiting.values.map { $0 } ?? [] }
    }
}
