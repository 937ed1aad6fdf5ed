import Mail

/// A delivery status notification (RFC 3461 section 6, RFC 3464, RFC 6533): facts in, a complete message out. Pure.
///
/// What it is made of comes from strangers: the peer's words, the addresses, the message. None of it can end a line or a part, or make the
/// whole larger than `mostBytes`.
public struct StatusNotification: Sendable {
    public struct Composed: Sendable {
        public let region: Region
        public let is8BitMIME: Bool
        public let isSMTPUTF8: Bool
    }

    /// All of it is kept in a row of the store.
    public static let mostBytes = 240 << 10
    /// Recipients of one DSN: whoever has more to tell of writes several.
    public static let mostRecipients = 100
    /// Recipients that the text names.
    static let mostNamed = 20

    /// The message that it is about; with its region, that comes back too.
    private let about: StoredMessage
    private let recipients: [NotifiedRecipient]
    private let sender: EmailAddress
    /// Our own name.
    private let hostname: String

    /// `recipients`: never empty, at most `mostRecipients`; what is beyond is left out.
    public init(about message: StoredMessage, to sender: EmailAddress, _ recipients: [NotifiedRecipient], hostname: String) {
        about = message
        self.sender = sender
        self.recipients = Array(recipients.prefix(Self.mostRecipients))
        self.hostname = CleanText.line(hostname, most: 255, allowsUTF8: false)
    }

    /// The gravest of its recipients' actions.
    public var action: NotifiedAction {
        NotifiedAction.allCases.first { action in recipients.contains { $0.action == action } } ?? .failed
    }

    /// `id`: the DSN's own. `time`: of the last attempt, and of the DSN.
    public func composed(as id: QueueID, at time: Timestamp) -> Composed {
        let allowsUTF8 = needsUTF8
        let status = statusPart(time, allowsUTF8)
        let returned = about.region.map { region in
            withExtendedLifetime(region) {
                ReturnedContent(
                    region.bytes, isWhole: action == .failed && about.dsn.returned == .full, is8BitMIME: about.is8BitMIME,
                    allowsUTF8: allowsUTF8)
            }
        }
        let text = textPart(returned, allowsUTF8)
        // Quoted-printable may treble a header.
        let fits = returned.map { $0.bytes.count + status.utf8.count + text.utf8.count < Self.mostBytes - 4096 } ?? false
        let kept = fits ? returned : nil
        let boundary = Self.boundary(id, absentFrom: [Array(text.utf8), Array(status.utf8), kept?.bytes ?? []])
        let isTextASCII = text.utf8.allSatisfy { $0 < 0x80 }
        let isStatusASCII = status.utf8.allSatisfy { $0 < 0x80 }

        var out: [UInt8] = []
        out.reserveCapacity(4096 + text.utf8.count + status.utf8.count + (kept?.bytes.count ?? 0))
        out += header(id, time, boundary, allowsUTF8).utf8
        out += "This is a report in parts for programs that read MIME.\r\n\r\n--\(boundary)\r\n".utf8
        out += "Content-Type: text/plain; charset=\(isTextASCII ? "us-ascii" : "utf-8")\r\n".utf8
        out += "Content-Transfer-Encoding: \(isTextASCII ? "7bit" : "8bit")\r\n\r\n\(text)\r\n--\(boundary)\r\n".utf8
        out += "Content-Type: message/\(allowsUTF8 ? "global-" : "")delivery-status\r\n".utf8
        out += "Content-Transfer-Encoding: \(isStatusASCII ? "7bit" : "8bit")\r\n\r\n\(status)\r\n--\(boundary)".utf8
        if let kept {
            out += "\r\nContent-Type: \(kept.type)\r\nContent-Transfer-Encoding: \(kept.encoding)\r\n\r\n".utf8
            out += kept.bytes
            out += "\r\n--\(boundary)".utf8
        }
        out += "--\r\n".utf8
        return Composed(
            region: Region(copying: out), is8BitMIME: !isTextASCII || !isStatusASCII || kept?.is8Bit == true, isSMTPUTF8: allowsUTF8)
    }

    /// RFC 6533: where an address or the message's header is beyond ASCII, and its sender's server has shown that it knows UTF-8.
    private var needsUTF8: Bool {
        guard about.isSMTPUTF8 else { return false }
        func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }
        if !isASCII(sender.description) || recipients.contains(where: { !isASCII($0.address.description) || !isASCII($0.original ?? "") }) {
            return true
        }
        guard let region = about.region else { return false }
        var isLineEmpty = true
        for byte in region.bytes.prefix(ReturnedContent.most) {
            if byte >= 0x80 { return true }
            if byte == 0x0A {
                if isLineEmpty { return false }
                isLineEmpty = true
            } else if byte != 0x0D {
                isLineEmpty = false
            }
        }
        return false
    }

    private func header(_ id: QueueID, _ time: Timestamp, _ boundary: String, _ allowsUTF8: Bool) -> String {
        let subject =
            switch action {
            case .failed: "Your message could not be delivered"
            case .delayed: "Your message is delayed"
            case .relayed: "Your message was passed on"
            case .delivered: "Your message was delivered"
            }
        let to = CleanText.line(sender.description, most: RecipientAddress.most, allowsUTF8: allowsUTF8)
        return """
            From: Mail delivery <postmaster@\(hostname)>\r
            To: <\(to)>\r
            Subject: \(subject)\r
            Date: \(CivilTime(time).rfc5322)\r
            Message-ID: <\(id)@\(hostname)>\r
            Auto-Submitted: auto-replied\r
            MIME-Version: 1.0\r
            Content-Type: multipart/report; report-type=\(allowsUTF8 ? "global-" : "")delivery-status;\r
            \tboundary="\(boundary)"\r
            \r

            """
    }

    /// RFC 3464 section 2.1: the message's fields, then each recipient's, an empty line before each.
    private func statusPart(_ time: Timestamp, _ allowsUTF8: Bool) -> String {
        var text = ""
        if let envelopeID = about.dsn.envelopeID {
            text += CleanText.field("Original-Envelope-Id", CleanText.line(envelopeID, most: 200, allowsUTF8: allowsUTF8))
        }
        text += CleanText.field("Reporting-MTA", "dns; \(hostname)")
        text += CleanText.field("Arrival-Date", CivilTime(about.receivedAt).rfc5322)
        for recipient in recipients { text += "\r\n" + recipient.fields(lastAttempt: time, most: mostWords, allowsUTF8: allowsUTF8) }
        return text
    }

    /// Bytes of a peer's reply, or of our own words, that are told of each recipient: fewer where there are many, so that all are named.
    private var mostWords: Int { recipients.count > 25 ? 200 : 500 }

    private func textPart(_ returned: ReturnedContent?, _ allowsUTF8: Bool) -> String {
        var text = "This is the mail server \(hostname).\r\n"
        var room = Self.mostNamed
        for action in NotifiedAction.allCases {
            let concerned = recipients.filter { $0.action == action }
            guard let first = concerned.first else { continue }
            text += "\r\n"
            switch action {
            case .failed: text += "Your message could not be delivered to:\r\n"
            case .delayed:
                let until = first.retriesUntil.map { "\r\nuntil \(CivilTime($0).rfc5322)" } ?? ""
                text +=
                    "Your message has not been delivered yet. You need not send it again: it will\r\nbe tried\(until).\r\nStill waiting:\r\n"
            case .relayed:
                text +=
                    "Your message was passed on to a server that does not report what becomes of it,\r\nso this is the last report about:\r\n"
            case .delivered: text += "Your message was delivered to:\r\n"
            }
            for recipient in concerned.prefix(room) { text += "\r\n" + recipient.explanation(most: mostWords, allowsUTF8: allowsUTF8) }
            if concerned.count > room { text += "\r\n  and \(concerned.count - room) more, all named in the attached report.\r\n" }
            room = max(0, room - concerned.count)
        }
        text += "\r\nYour message came here on \(CivilTime(about.receivedAt).rfc5322), and was called\r\n\(about.queueID) here. "
        text += "The details for programs are attached"
        if let returned { text += ",\r\nand " + (returned.isWhole ? "your message" : "the header of your message") }
        text += ".\r\n"
        return text
    }

    /// One that no part contains, so that none can end before its end.
    private static func boundary(_ id: QueueID, absentFrom parts: [[UInt8]]) -> String {
        var number = 0
        while true {
            let boundary = "=_\(id)_\(number)"
            let pattern = Array("--\(boundary)".utf8)
            if !parts.contains(where: { contains($0, pattern) }) { return boundary }
            number += 1
        }
    }

    private static func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
        guard bytes.count >= pattern.count else { return false }
        return (0...(bytes.count - pattern.count)).contains { start in
            bytes[start] == pattern[0] && bytes[start..<(start + pattern.count)].elementsEqual(pattern)
        }
    }
}
