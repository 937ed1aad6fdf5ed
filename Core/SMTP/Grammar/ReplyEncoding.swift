import Mail

extension Reply {
    /// A line of text longer than this is cut: RFC 5321 section 4.5.3.1.5 allows 512 octets for a reply line with code and CR LF.
    static let longestText = 490

    /// The bytes of the reply as they go to the client, handed to `put` piece by piece (RFC 5321 section 4.2, RFC 2034 section 4). The text may
    /// come from a filter: what is not printable ASCII becomes `?`, so that no text can break the dialogue.
    public func encode(_ put: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { head in
            var count = 0
            func byte(_ value: UInt8) {
                head[count] = value
                count += 1
            }
            func number(_ value: Int) {
                if value >= 100 { byte(UInt8(48 + value / 100 % 10)) }
                if value >= 10 { byte(UInt8(48 + value / 10 % 10)) }
                byte(UInt8(48 + value % 10))
            }
            number(code)
            byte(UInt8(ascii: "-"))
            if let subject = status.subject {
                byte(UInt8(48 + code / 100))
                byte(UInt8(ascii: "."))
                number(min(max(subject, 0), 999))
                byte(UInt8(ascii: "."))
                number(min(max(status.detail, 0), 999))
                byte(UInt8(ascii: " "))
            }
            let prefix = UnsafeRawBufferPointer(rebasing: head[..<count])
            if lines.isEmpty {
                head[3] = UInt8(ascii: " ")
                put(prefix)
                Self.putLineEnd(put)
            }
            for (index, line) in lines.enumerated() {
                if index == lines.count - 1 { head[3] = UInt8(ascii: " ") }
                put(prefix)
                Self.putText(line, put)
                Self.putLineEnd(put)
            }
        }
    }

    /// All of it at once: for tests and tools.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func putText(_ line: String, _ put: (UnsafeRawBufferPointer) -> Void) {
        var line = line
        line.withUTF8 { text in
            let cut = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text).prefix(longestText))
            if cut.allSatisfy({ (32...126).contains($0) }) { return put(cut) }
            cut.map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }.withUnsafeBytes(put)
        }
    }

    private static func putLineEnd(_ put: (UnsafeRawBufferPointer) -> Void) {
        let end: StaticString = "\r\n"
        put(UnsafeRawBufferPointer(start: end.utf8Start, count: 2))
    }
}
