import Mail

extension Reply {
    /// Bytes of a server's words that are kept, in all lines: they go into the store, the log and DSNs once for each recipient.
    static let mostExcerptBytes = 1024

    /// Cut off behind so many bytes, never inside a character.
    var excerpt: Reply {
        var left = Self.mostExcerptBytes
        for (place, line) in lines.enumerated() {
            let count = line.utf8.count
            if count <= left {
                left -= count
                continue
            }
            var end = line.utf8.index(line.startIndex, offsetBy: left)
            while end.samePosition(in: line) == nil { end = line.utf8.index(before: end) }
            return Reply(status, lines: lines[..<place] + [String(line[..<end])])
        }
        return self
    }
}
