import DSN
import Mail

/// A DSN about anything that strangers have a say in is well-formed, bounded, and says of each recipient what it was told to say.
///
/// The bytes are parted at NUL: what the peer said, the recipient, ORCPT, ENVID, the next hop's name; all the rest is the message.
enum NotificationTarget {
    private static let sender = EmailAddress(localPart: "anna", domain: "example.com")
    private static let time = Timestamp(rfc3339: "2026-11-22T02:10:00Z")!
    private static let id = QueueID.first(at: time)

    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let input = FuzzInput(bytes) else { return }
        var random = input.choices
        var rest = input.bytes[...]
        func next() -> String {
            let end = rest.firstIndex(of: 0) ?? rest.endIndex
            defer { rest = rest[min(end + 1, rest.endIndex)...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        let (words, address, original, envelopeID, nextHop) = (next(), next(), next(), next(), next())
        let region = Region(copying: Array(rest))
        defer { withExtendedLifetime(region) {} }

        let recipient = EmailAddress(unchecked: address) ?? EmailAddress(localPart: "bob", domain: "example.net")
        // Mostly few, since many take long.
        let count = random.oneIn(50) ? 1 + random.below(150) : 1 + random.below(3)
        var copy = StoredRecipient(
            index: 0, address: recipient, policyDomain: "example.com", state: .queued, addedHeaders: "", nextAttempt: time)
        copy.originalRecipient = original.isEmpty ? nil : original
        var message = StoredMessage(
            queueID: id, receivedAt: time, reversePath: .address(sender), is8BitMIME: input.options & 1 != 0,
            isSMTPUTF8: input.options & 2 != 0, role: .outbound, sessionJSON: "{}", region: input.options & 4 != 0 ? nil : region,
            size: region.count, recipients: Array(repeating: copy, count: count))
        message.dsn.returned = input.options & 8 != 0 ? .full : .headers
        message.dsn.envelopeID = envelopeID.isEmpty ? nil : envelopeID
        let actions = NotifiedAction.allCases
        var told: [NotifiedRecipient] = []
        for _ in 0..<count {
            let action = actions[input.options & 16 != 0 ? random.below(actions.count) : Int(input.options >> 6) % actions.count]
            told.append(
                NotifiedRecipient(
                    copy, action, outcome(words, &random), isExpired: random.oneIn(4), nextHop: nextHop,
                    retriesUntil: action == .delayed ? time : nil))
        }
        let notification = StatusNotification(
            about: message, to: input.options & 32 != 0 ? recipient : sender, told, hostname: "mx.gateway.example")
        try check(notification.composed(as: id, at: time), told.prefix(StatusNotification.mostRecipients).map(\.action))
    }

    private static func outcome(_ words: String, _ random: inout Choices) -> DeliveryOutcome {
        let statuses = [ReplyStatus.unknownRecipient, ReplyStatus(bare: 554), ReplyStatus(450, 2, 0), ReplyStatus.ok]
        let reply = Reply(statuses[random.below(statuses.count)], lines: words.split(separator: "\n").map(String.init))
        let failure = DeliveryFailure(reply: random.oneIn(2) ? reply : nil, detail: words, isNextHopsFault: random.oneIn(2))
        switch random.below(3) {
        case 0: return .delivered(reply)
        case 1: return .deferred(failure)
        default: return .bounced(failure)
        }
    }

    private static let headerNames: Set<String> = [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    ]
    private static let messageNames: Set<String> = ["Original-Envelope-Id", "Reporting-MTA", "Arrival-Date"]
    private static let recipientNames: Set<String> = [
        "Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code", "Last-Attempt-Date",
        "Will-Retry-Until",
    ]

    private static func check(_ composed: StatusNotification.Composed, _ actions: [NotifiedAction]) throws(Finding) {
        let bytes = Array(composed.region.bytes)
        defer { withExtendedLifetime(composed.region) {} }
        try expect(bytes.count <= StatusNotification.mostBytes, "\(bytes.count) bytes for \(actions.count) recipients")
        if !composed.is8BitMIME, !composed.isSMTPUTF8 { try expect(bytes.allSatisfy { $0 < 0x80 }, "8 bits, and it does not say so") }
        let lines = try lines(bytes)

        let header = lines.prefix { !$0.isEmpty }
        let names = try fields(header.map { $0[...] }, within: headerNames).map(\.name)
        try expect(Set(names).count == names.count && names.count == headerNames.count, "the header has \(names)")
        guard let start = header.last?.firstIndex(of: "\""), let end = header.last?.lastIndex(of: "\""), start < end else {
            throw Finding("no boundary in \(header.last ?? "")")
        }
        let delimiter = "--" + header.last![header.last!.index(after: start)..<end]
        let marks = lines.indices.filter { lines[$0].hasPrefix(delimiter) }
        try expect((3...4).contains(marks.count), "\(marks.count) delimiters")
        try expect(marks.dropLast().allSatisfy { lines[$0] == delimiter }, "a part ends early")
        try expect(lines[marks.last!] == delimiter + "--" && marks.last! == lines.count - 1, "something comes after the end")

        // The second part, behind its own header.
        let part = lines[(marks[1] + 1)..<marks[2]]
        let blocks = part.split(separator: "", omittingEmptySubsequences: true).dropFirst()
        try expect(blocks.count == actions.count + 1, "\(blocks.count - 1) recipients instead of \(actions.count)")
        for (number, block) in blocks.enumerated() {
            let found = try fields(block.map { $0[...] }, within: number == 0 ? messageNames : recipientNames)
            let names = found.map(\.name)
            try expect(Set(names).count == names.count, "fields twice: \(names)")
            if number == 0 { continue }
            try expect(["Final-Recipient", "Action", "Status"].allSatisfy(names.contains), "only \(names)")
            let action = found.first { $0.name == "Action" }!.value
            try expect(action == actions[number - 1].rawValue, "\(action) instead of \(actions[number - 1])")
            let status = found.first { $0.name == "Status" }!.value.utf8
            try expect(status.count >= 5 && status.allSatisfy { $0 == 46 || (48...57).contains($0) }, "the status \(status)")
        }
    }

    /// Lines without their ends, one byte a character; none too long, none that ends otherwise than with CR LF.
    private static func lines(_ bytes: [UInt8]) throws(Finding) -> [String] {
        var lines: [String] = []
        var start = 0
        for at in bytes.indices {
            if bytes[at] == 13 { try expect(at + 1 < bytes.count && bytes[at + 1] == 10, "a bare CR") }
            try expect(bytes[at] != 0, "a NUL")
            guard bytes[at] == 10 else { continue }
            try expect(at > start && bytes[at - 1] == 13, "a bare LF")
            try expect(at - 1 - start <= 998, "a line of \(at - 1 - start) bytes")
            var line = String.UnicodeScalarView()
            for byte in bytes[start..<(at - 1)] { line.append(UnicodeScalar(byte)) }
            lines.append(String(line))
            start = at + 1
        }
        try expect(start == bytes.count, "no end of line at the end")
        return lines
    }

    private static func fields(_ lines: [Substring], within names: Set<String>) throws(Finding) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in lines {
            if let first = line.unicodeScalars.first, first == " " || first == "\t" {
                try expect(!fields.isEmpty, "it begins with a folded line")
                continue
            }
            guard let colon = line.firstIndex(of: ":") else { throw Finding("no field: \(line)") }
            let name = String(line[..<colon])
            try expect(names.contains(name), "the field \(name.debugDescription)")
            fields.append((name, String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        return fields
    }
}
