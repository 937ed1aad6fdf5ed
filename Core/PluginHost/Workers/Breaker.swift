import Mail
import PluginLoader

/// When a plugin that keeps failing is given a rest, and when only one sender's mail is kept from it. Pure; the generation asks.
///
/// One sender alone cannot switch a filter off: a rest needs failures for several client networks and logins, and a share of all mail. A
/// sender whose mail fails again and again is itself kept away, so that it cannot make the gateway start workers without end.
struct Breaker {
    struct Rule {
        /// Failures older than this count no more.
        var window = Duration.seconds(600)
        /// So many failures, for so many sites, and the plugin rests, if they are one in so many of its runs.
        var failures = 5
        var sites = 3
        var share = 20
        /// So many of one sender, and its mail is not shown to the plugin within the window.
        var perSender = 3
        var rest = Duration.seconds(60)
        var longestRest = Duration.seconds(1800)
    }

    private let rule: Rule
    private var failures: [(time: Duration, origin: CallOrigin)] = []
    /// Since `countedSince`, at most a window ago.
    private var runs = 0
    private var countedSince = Duration.zero
    private(set) var restsUntil: Duration?
    private var lastRest: Duration?

    init(_ rule: Rule = Rule()) { self.rule = rule }

    /// Why a run of this origin does not go to the plugin now; nil: it does. `now`: the loop's uptime.
    mutating func refusal(for origin: CallOrigin, at now: Duration) -> String? {
        if now - countedSince > rule.window { (runs, countedSince) = (0, now) }
        runs += 1
        if failures.isEmpty, restsUntil == nil { return nil }
        forget(at: now)
        if let until = restsUntil, now < until {
            return "the plugin rests for another \((until - now).components.seconds + 1) s after failing for several senders"
        }
        let sender = origin.sender
        let count = failures.count { $0.origin.sender == sender }
        return count >= rule.perSender ? "\(sender) has made the plugin fail \(count) times" : nil
    }

    /// A failure that was confirmed: a crash in a fresh worker too, or a call that never came back. True: the plugin rests from now on.
    mutating func failed(_ origin: CallOrigin, at now: Duration) -> Bool {
        forget(at: now)
        if failures.count < 1000 { failures.append((now, origin)) }
        guard restsUntil.map({ $0 <= now }) ?? true, failures.count >= rule.failures, failures.count * rule.share >= runs,
            sites >= rule.sites
        else { return false }
        let rest = min(lastRest.map { $0 * 2 } ?? rule.rest, rule.longestRest)
        lastRest = rest
        restsUntil = now + rest
        // What comes after the rest is judged anew, but a rest that follows soon is longer.
        failures = []
        return true
    }

    /// Failures that have nothing in common with one another.
    private var sites: Int {
        var seen: Set<CallOrigin.Sender> = []
        return failures.count { failure in
            let marks = failure.origin.marks
            defer { seen.formUnion(marks) }
            return seen.isDisjoint(with: marks)
        }
    }

    private mutating func forget(at now: Duration) {
        failures.removeAll { now - $0.time > rule.window }
        if let lastRest, let restsUntil, now - restsUntil > rule.longestRest + lastRest { self.lastRest = nil }
    }
}
