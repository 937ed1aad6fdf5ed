import Mail

/// One recipient of a DSN: what became of it, and how that is known.
public struct NotifiedRecipient: Sendable {
    public let action: NotifiedAction
    public let address: EmailAddress
    /// ORCPT as it was given.
    public let original: String?
    let code: StatusCode
    /// The next hop that answered: `mail.example.com[192.0.2.1]:25`; empty or `none`: nobody did.
    let nextHop: String
    /// When it is given up, for one that is delayed.
    let retriesUntil: Timestamp?

    /// `isExpired`: it failed only because its time is over.
    public init(
        _ copy: StoredRecipient, _ action: NotifiedAction, _ outcome: DeliveryOutcome, isExpired: Bool = false, nextHop: String,
        retriesUntil: Timestamp? = nil
    ) {
        self.action = action
        address = copy.address
        original = copy.originalRecipient
        code = StatusCode(outcome, isExpired: isExpired)
        self.nextHop = nextHop
        self.retriesUntil = retriesUntil
    }

    /// The per-recipient fields of RFC 3464 section 2.3. `most`: bytes of a peer's reply, or of our own words.
    func fields(lastAttempt: Timestamp, most: Int, allowsUTF8: Bool) -> String {
        func clean(_ text: String, _ bytes: Int = RecipientAddress.most) -> String {
            CleanText.line(text, most: bytes, allowsUTF8: allowsUTF8)
        }
        var text = ""
        if let original = original.flatMap({ RecipientAddress.original($0, allowsUTF8: allowsUTF8) }) {
            text += CleanText.field("Original-Recipient", clean(original))
        }
        text += CleanText.field("Final-Recipient", clean(RecipientAddress.final(address, allowsUTF8: allowsUTF8)))
        text += CleanText.field("Action", action.rawValue)
        text += CleanText.field("Status", code.status)
        if let host = remoteHost { text += CleanText.field("Remote-MTA", "dns; " + clean(host, 255)) }
        if let reply = code.reply {
            text += CleanText.field("Diagnostic-Code", "smtp; " + clean(reply, most))
        } else if !code.detail.isEmpty {
            text += CleanText.field("Diagnostic-Code", "x-postern; " + clean(code.detail, most))
        }
        text += CleanText.field("Last-Attempt-Date", CivilTime(lastAttempt).rfc5322)
        if let retriesUntil { text += CleanText.field("Will-Retry-Until", CivilTime(retriesUntil).rfc5322) }
        return text
    }

    /// For a person: the address, then what was said about it, at most so many bytes.
    func explanation(most: Int, allowsUTF8: Bool) -> String {
        let words = CleanText.line(code.reply ?? code.detail, most: most, allowsUTF8: allowsUTF8)
        var text = "  \(CleanText.line(address.description, most: RecipientAddress.most, allowsUTF8: allowsUTF8))\r\n"
        guard !words.isEmpty else { return text }
        let host = remoteHost.map { CleanText.line($0, most: 255, allowsUTF8: false) }
        text += code.reply == nil ? "" : "    \(host ?? "The next server") said:\r\n"
        var column = 0
        for word in words.split(separator: " ") {
            if column > 0, column + 1 + word.utf8.count > 72 {
                text += "\r\n"
                column = 0
            }
            text += (column == 0 ? "    " : " ") + word
            column += 1 + word.utf8.count
        }
        return text + "\r\n"
    }

    /// `mail.example.com`, or `[192.0.2.1]`.
    private var remoteHost: String? {
        guard nextHop != "none", let end = nextHop.firstIndex(where: { $0 == "[" || $0 == ":" }) else { return nil }
        let host = nextHop[..<end]
        guard !host.isEmpty, IPAddress(String(host)) == nil else {
            guard let open = nextHop.firstIndex(of: "["), let close = nextHop.firstIndex(of: "]"), open < close else { return nil }
            return String(nextHop[open...close])
        }
        return String(host)
    }
}
