import Mail

extension HeaderFields {
    /// How many Received fields say `by HOST` (RFC 5321 section 4.4); comments are skipped, case does not count.
    public func countReceived(by host: String, in bytes: UnsafeRawBufferPointer) -> Int {
        let host = host.lowercased()
        return fields.reduce(0) { count, field in
            guard Self.name(field, in: bytes, is: "Received") else { return count }
            return count + (Self.isReceived(by: host, bytes[field.valueStart..<field.end]) ? 1 : 0)
        }
    }

    private static func isReceived(by host: String, _ value: Slice<UnsafeRawBufferPointer>) -> Bool {
        var word: [UInt8] = []
        var depth = 0
        var followsBy = false
        /// nil: the word is neither the host nor anything that ends the search.
        func judge() -> Bool? {
            defer { word = [] }
            if word.isEmpty { return nil }
            if followsBy { return String(decoding: word, as: UTF8.self) == host }
            followsBy = word == [UInt8(ascii: "b"), UInt8(ascii: "y")]
            return nil
        }
        for byte in value {
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")") where depth > 0: depth -= 1
            case _ where depth > 0: break
            case 0x20, 0x09, 0x0D, 0x0A, UInt8(ascii: ";"): if let found = judge() { return found }
            default: if word.count < 256 { word.append(asciiLower(byte)) }
            }
        }
        return judge() ?? false
    }

    /// The values of a field that stands several times, unfolded; at most `most` of them.
    public func values(_ name: StaticString, in bytes: UnsafeRawBufferPointer, most: Int) -> [String] {
        fields.lazy.filter { Self.name($0, in: bytes, is: name) }.prefix(most).map { Self.value($0, in: bytes, limit: 512) }
    }
}
