import Mail

/// The header fields that this gateway puts above a message.
enum TraceHeaders {
    /// RFC 5321 section 4.4. One field, folded, with its line ends. `for` only with a single recipient, so that no other is shown.
    static func received(_ message: ReceivedMessage, hostname: String) -> String {
        let session = message.session
        let literal = session.client.isIPv4 ? "[\(session.client)]" : "[IPv6:\(session.client)]"
        let client = session.clientName.map { "\(safe($0)) \(literal)" } ?? literal
        var text =
            "Received: from \(safe(session.helo ?? "unknown")) (\(client))\r\n\tby \(hostname) (Postern) with \(session.protocolName(isSMTPUTF8: message.envelope.isSMTPUTF8)) id \(message.queueID)"
        if let tls = session.tls {
            text += "\r\n\t(using \(tls.version)\(tls.cipher.isEmpty ? "" : " with cipher \(tls.cipher)"))"
        }
        if message.envelope.recipients.count == 1 { text += "\r\n\tfor <\(message.envelope.recipients[0].address)>" }
        return text + ";\r\n\t\(CivilTime(message.receivedAt).rfc5322)\r\n"
    }

    /// Of a copy that is sent on: where it would have gone. A message that comes back with it loops.
    static func deliveredTo(_ mailbox: EmailAddress) -> String { "Delivered-To: \(mailbox)\r\n" }

    /// `X-Postern-*` of one copy.
    static func explanation(_ decision: Decision, _ id: QueueID) -> String {
        var text = "X-Postern-Score: \(scoreText(decision.score))\r\nX-Postern-Disposition: \(decision.disposition.rawValue)\r\n"
        if !decision.contributions.isEmpty {
            text += "X-Postern-Symbols:"
            var column = 18
            for (i, contribution) in decision.contributions.prefix(100).enumerated() {
                let item =
                    "\(contribution.symbol)(\(scoreText(contribution.score)))" + (i + 1 < min(decision.contributions.count, 100) ? "," : "")
                if column + item.utf8.count + 1 > 78 {
                    text += "\r\n\t"
                    column = 8
                } else {
                    text += " "
                    column += 1
                }
                text += item
                column += item.utf8.count
            }
            text += "\r\n"
        }
        text += "X-Postern-Trace: \(id)\r\n"
        for header in decision.headers { text += "\(header.name): \(header.value)\r\n" }
        return text
    }

    /// What `explanation` wrote of symbols, read back from the fields of a copy.
    static func symbols(in headers: String) -> [OutcomeRecord.CountedSymbol] {
        // In front of it stand our own fields only, behind it those of filters.
        guard let end = headers.firstRange(of: "\r\nX-Postern-Trace: "),
            let start = headers[..<end.lowerBound].firstRange(of: "\r\nX-Postern-Symbols:")
        else { return [] }
        return headers[start.upperBound..<end.lowerBound].split(separator: ",").compactMap { item in
            let parts = item.split(separator: "(")
            guard parts.count == 2, let score = Double(parts[1].prefix { $0 != ")" }) else { return nil }
            return OutcomeRecord.CountedSymbol(name: String(parts[0].drop { $0.isWhitespace }), score: score)
        }
    }

    /// A HELO name may hold anything printable that the grammar let through: nothing that would break the field.
    private static func safe(_ name: String) -> String {
        String(
            decoding: name.utf8.prefix(255).map {
                (33...126).contains($0) && $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")") && $0 != UInt8(ascii: ";")
                    ? $0 : UInt8(ascii: "?")
            }, as: UTF8.self)
    }
}
