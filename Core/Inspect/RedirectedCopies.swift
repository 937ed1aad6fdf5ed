import Mail

/// What is stored for the copies of an envelope: those of mailboxes that redirect become their targets'. Pure.
struct RedirectedCopies {
    private let redirection: Redirection
    /// The envelope's recipients; the places behind them are for targets.
    private let count: Int
    private var own: [StoredRecipient] = []
    private var others: [StoredRecipient] = []

    init(_ redirection: Redirection, count: Int) {
        self.redirection = redirection
        self.count = count
    }

    /// Those of the envelope in its order, then the others.
    var all: [StoredRecipient] { own + others }

    /// `received`: with what the copy's header fields begin; Delivered-To stands below it.
    mutating func add(_ copy: StoredRecipient, of recipient: Recipient, below received: String) {
        let answer = redirection(recipient)
        if answer.keepsOriginal { own.append(copy) }
        if answer.targets.isEmpty { return }
        let headers = received + TraceHeaders.deliveredTo(copy.address) + copy.addedHeaders.dropFirst(received.count)
        for (place, target) in answer.targets.enumerated() {
            // The mailbox's own place goes to the first.
            let isFirst = place == 0 && !answer.keepsOriginal
            var sent = copy
            sent.index = isFirst ? copy.index : count + others.count
            sent.address = target.address
            sent.reversePath = target.reversePath
            sent.notify = target.notify
            sent.originalRecipient = target.original
            sent.addedHeaders = headers
            if isFirst { own.append(sent) } else { others.append(sent) }
        }
    }
}

extension Inspector {
    /// The copies that go instead of one that we send ourselves, a DSN's, to an address of a domain of ours. `copy`: with index 0. Any thread.
    public func redirected(_ copy: StoredRecipient, by policy: PolicySnapshot) -> [StoredRecipient] {
        let now = clock.now
        var recipient = Recipient(address: copy.address, policyDomain: copy.policyDomain)
        recipient.notify = copy.notify
        recipient.originalRecipient = copy.originalRecipient
        if case .genuine(let sender)? = srs?.read(copy.address, on: now) { recipient.standsFor = sender }
        var copies = RedirectedCopies(
            Redirection(snapshot: policy, srs: srs, reversePath: .null, role: .inbound, now: now), count: 1)
        copies.add(copy, of: recipient, below: "")
        return copies.all
    }
}
