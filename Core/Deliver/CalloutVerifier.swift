import Mail
import NIOCore
import Synchronization

/// Asks next hops whether mailboxes exist: MAIL FROM:<>, RCPT TO, and no message. Over the connections and with the TLS of deliveries. Any
/// thread.
///
/// Answers are remembered per next hops, so that a domain that moves is asked anew. A next hop that takes a mailbox that cannot exist takes
/// everything: then nothing can be learnt from it, and it is not asked until that is forgotten.
public final class CalloutVerifier: RecipientVerifier {
    /// Answers that are remembered.
    static let capacity = 100_000
    /// After a transaction that no next hop answered: so long every question is undetermined at once.
    static let downTime = Duration.seconds(30)

    /// Who is asked.
    private struct Place: Hashable {
        var domain: String
        var nextHops: [NextHop]
    }

    private enum Subject: Hashable {
        case mailbox(String)
        /// Does it refuse what does not exist?
        case strictness
        /// Does anybody answer?
        case health
    }

    private enum Memory {
        case existence(RecipientExistence)
        case takesEverything, isStrict
        case isDown(String)
    }

    private struct Key: Hashable {
        var place: Place
        var subject: Subject
    }

    private struct State {
        var memory = ExpiringCache<Key, Memory>(capacity: CalloutVerifier.capacity)
        var lines: [Place: CalloutLine] = [:]
        var lastID = 0
    }

    private let client: SMTPNextHopClient
    private let clock: any WallClock
    private let state = Mutex(State())

    /// `client`: its connections are used, and its shutdown ends callouts too.
    public init(_ client: SMTPNextHopClient, clock: any WallClock) {
        self.client = client
        self.clock = clock
    }

    public func verify(
        _ address: EmailAddress, nextHops: [NextHop], _ callout: CalloutPolicy, completion: @escaping @Sendable (RecipientExistence) -> Void
    ) {
        let place = Place(domain: address.domain, nextHops: nextHops)
        let known = state.withLock { remembered(address, place, &$0) }
        if let known { return completion(known) }
        let loop = client.group.next()
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let timer = loop.scheduleTask(in: TimeAmount(callout.timeout)) { [self] in giveUp(address, place, id) }
        let answer = state.withLock { state -> RecipientExistence? in
            // Again, in the lock that asks: the answer to an equal question may have come since.
            if let known = remembered(address, place, &state) { return known }
            let isAsked = state.lines[place, default: CalloutLine()].ask(address, id: id) {
                timer.cancel()
                completion($0)
            }
            return isAsked ? nil : .undetermined("too many questions wait for \(address.domain)")
        }
        if let answer {
            timer.cancel()
            return completion(answer)
        }
        startNext(place, callout)
    }

    private func remembered(_ address: EmailAddress, _ place: Place, _ state: inout State) -> RecipientExistence? {
        let now = clock.now
        if case .existence(let existence)? = state.memory.value(Key(place: place, subject: .mailbox(address.key)), at: now) {
            return existence
        }
        if case .takesEverything? = state.memory.value(Key(place: place, subject: .strictness), at: now) { return .exists }
        if case .isDown(let why)? = state.memory.value(Key(place: place, subject: .health), at: now) { return .undetermined(why) }
        return nil
    }

    private func giveUp(_ address: EmailAddress, _ place: Place, _ id: Int) {
        let completion = state.withLock { state in
            let completion = state.lines[place]?.giveUp(address, id: id)
            if state.lines[place]?.isEmpty == true { state.lines[place] = nil }
            return completion
        }
        completion?(.undetermined("no answer in time"))
    }

    // MARK: Transactions

    private func startNext(_ place: Place, _ callout: CalloutPolicy) {
        let now = clock.now
        while let (addresses, asksStrictness) = state.withLock({ state -> ([EmailAddress], Bool)? in
            guard let addresses = state.lines[place]?.next() else { return nil }
            return (addresses, state.memory.value(Key(place: place, subject: .strictness), at: now) == nil)
        }) {
            ask(addresses, place, callout, asksStrictness: asksStrictness)
        }
    }

    private func ask(_ addresses: [EmailAddress], _ place: Place, _ callout: CalloutPolicy, asksStrictness: Bool) {
        // First, since what it brings decides what the others mean.
        let asked = (asksStrictness ? [Self.nobody(at: place.domain)] : []) + addresses
        let job = DeliveryJob(
            queueID: QueueID(rawValue: 0), reversePath: .null, is8BitMIME: false, isSMTPUTF8: true,
            recipients: asked.enumerated().map { JobRecipient(index: $0.offset, address: $0.element) }, addedHeaders: "",
            region: Region(copying: []), route: .nextHops(place.nextHops))
        client.callOut(job) { [self] report in
            var outcomes = report.outcomes[...]
            let strictness = asksStrictness ? outcomes.popFirst().map(CalloutAnswer.read) : nil
            settle(zip(addresses, outcomes.map(CalloutAnswer.read)).map { ($0, $1) }, strictness, report, place, callout)
            startNext(place, callout)
        }
    }

    private func settle(
        _ answers: [(EmailAddress, RecipientExistence)], _ strictness: RecipientExistence?, _ report: DeliveryReport, _ place: Place,
        _ callout: CalloutPolicy
    ) {
        let now = clock.now
        let told = state.withLock { state -> [(CalloutLine.Completion, RecipientExistence)] in
            func remember(_ subject: Subject, _ memory: Memory, for time: Duration) {
                state.memory.set(Key(place: place, subject: subject), memory, until: now + time)
            }
            for (address, existence) in answers {
                switch existence {
                case .exists: remember(.mailbox(address.key), .existence(existence), for: callout.positive)
                case .unknown: remember(.mailbox(address.key), .existence(existence), for: callout.negative)
                case .undetermined: break
                }
            }
            switch strictness {
            case .exists?: remember(.strictness, .takesEverything, for: callout.positive)
            case .unknown?: remember(.strictness, .isStrict, for: callout.positive)
            case .undetermined?, nil: break
            }
            var told = state.lines[place]?.finished(answers) ?? []
            if case .deferred(let failure)? = report.outcomes.first, failure.isNextHopsFault, !report.isUntried {
                remember(.health, .isDown(failure.description), for: Self.downTime)
                told += (state.lines[place]?.takeWaiting() ?? []).map { ($0, .undetermined(failure.description)) }
            }
            if state.lines[place]?.isEmpty == true { state.lines[place] = nil }
            return told
        }
        for (completion, existence) in told { completion(existence) }
    }

    /// A mailbox that nobody has.
    private static func nobody(at domain: String) -> EmailAddress {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        return EmailAddress(localPart: "no-such-mailbox-" + String((0..<16).map { _ in letters.randomElement()! }), domain: domain)
    }
}
