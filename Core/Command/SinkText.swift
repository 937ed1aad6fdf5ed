import Mail

/// A delivered message in a few lines: envelope, then the header or all of it. Bounded and escaped.
enum SinkText {
    private static let mostHeaderLines = 60
    private static let mostLines = 2000
    private static let mostLineBytes = 300

    static func lines(_ region: Region, number: Int, envelope: Envelope, client: SessionFacts, isFull: Bool) -> [String] {
        let to = envelope.recipients.prefix(10).map { "<\($0.address)>" }.joined(separator: ", ")
        let more = envelope.recipients.count > 10 ? " and \(envelope.recipients.count - 10) more" : ""
        var out = [
            Terminal.colour("-- delivered: message \(number), \(Explanation.size(region.count))", .bold),
            Terminal.escaped("   from <\(envelope.reversePath)> to \(to)\(more), by \(client.client) (\(client.helo ?? "no HELO"))"),
        ]
        let most = isFull ? mostLines : mostHeaderLines
        var rest = region.bytes[...]
        var isHeader = true
        while !rest.isEmpty, out.count < most + 2 {
            let end = rest.firstIndex(of: 10) ?? rest.endIndex
            var line = rest[rest.startIndex..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if line.last == 13 { line = line.dropLast() }
            if line.isEmpty {
                isHeader = false
                if !isFull { break }
            }
            let text =
                Terminal.escaped(String(decoding: line.prefix(mostLineBytes), as: UTF8.self)) + (line.count > mostLineBytes ? " ..." : "")
            out.append("   " + (isHeader && text.lowercased().hasPrefix("x-postern-") ? Terminal.colour(text, .yellow) : text))
        }
        if !rest.isEmpty, out.count >= most + 2 { out.append("   ...") }
        return out
    }
}
