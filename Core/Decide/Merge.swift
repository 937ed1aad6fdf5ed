import Mail

/// The order in which proposals, failures and thresholds are merged. The most severe wins; among equals the first in the list of filters.
///
/// reject > discard > defer > quarantine > tag > accept. Defer stands above quarantine because a message that a filter could not look at
/// is judged again in full: in quarantine a user could release what no scanner has seen.
struct Merge {
    private(set) var disposition = Disposition.accept
    private(set) var reason = "below all thresholds"
    private(set) var reply: Reply?

    private static func rank(_ disposition: Disposition) -> Int {
        switch disposition {
        case .accept: 0
        case .tag: 1
        case .quarantine: 2
        case .defer: 3
        case .discard: 4
        case .reject: 5
        }
    }

    private mutating func propose(_ new: Disposition, _ why: @autoclosure () -> String, reply: Reply? = nil) {
        guard Self.rank(new) > Self.rank(disposition) else { return }
        disposition = new
        reason = why()
        self.reply = reply
    }

    mutating func add(_ action: ProposedAction, by filter: String) {
        switch action {
        case .reject(let reply): propose(.reject, "\(filter) proposed reject: \(reply)", reply: reply)
        case .defer(let reply): propose(.defer, "\(filter) proposed defer: \(reply)", reply: reply)
        case .quarantine(let why): propose(.quarantine, "\(filter) proposed quarantine: \(why)")
        case .discard(let why): propose(.discard, "\(filter) proposed discard: \(why)")
        case .addHeader: break
        }
    }

    /// A filter without a verdict. One that is required can never end in delivery, whatever its slot says of failures.
    mutating func add(_ failure: FailureAction, of verdict: Verdict) {
        let what = "\(verdict.filter) ended in \(verdict.result)"
        switch failure {
        case .skip where verdict.isRequired: propose(.defer, "\(what) and is required", reply: Self.notNow)
        case .skip: break
        case .quarantine: propose(.quarantine, what)
        case .defer: propose(.defer, what, reply: Self.notNow)
        case .reject: propose(.reject, what, reply: Self.refused)
        }
    }

    mutating func add(score: Double, thresholds: Thresholds) {
        func reached(_ threshold: Double?) -> Double? { threshold.flatMap { score >= $0 ? $0 : nil } }
        func why(_ word: String, _ at: Double) -> String { "score \(scoreText(score)) >= \(word) \(scoreText(at))" }
        if let at = reached(thresholds.reject) { propose(.reject, why("reject", at), reply: Self.refused) }
        if let at = reached(thresholds.discard) { propose(.discard, why("discard", at)) }
        if let at = reached(thresholds.defer) { propose(.defer, why("defer", at), reply: Self.notNow) }
        if let at = reached(thresholds.quarantine) { propose(.quarantine, why("quarantine", at)) }
        if let at = reached(thresholds.tag) { propose(.tag, why("tag", at)) }
    }

    /// Generic on purpose: the reasons are in the log and the receipt, not for the peer.
    static let refused = Reply(.refused, "Message refused by the recipient's policy")
    static let notNow = Reply(.notNow, "Message cannot be judged now, try again later")
}
