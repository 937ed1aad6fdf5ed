import Mail

/// Finds and cuts header fields that only this gateway may write: `X-Postern-*`, and Authentication-Results that carry our own
/// authserv-id (RFC 8601 section 5). Whoever sends them from outside forges them.
public struct ForgedFields: Sendable {
    public let ranges: [Range<Int>]

    /// Looks behind a malformed line too, up to the first empty one: the next hop may read on there.
    public init(_ header: HeaderFields, in bytes: UnsafeRawBufferPointer, authservID: String) {
        let ours = Array(authservID.lowercased().utf8)
        var found: [Range<Int>] = []
        var part: HeaderFields? = header
        while let header = part {
            for field in header.fields where Self.isForged(field, in: bytes, ours) { found.append(field.start..<field.end) }
            part = header.resumed(in: bytes)
        }
        ranges = found
    }

    private static func isForged(_ field: HeaderFields.Field, in bytes: UnsafeRawBufferPointer, _ ours: [UInt8]) -> Bool {
        if HeaderFields.hasPrefix(field, in: bytes, "X-Postern-") { return true }
        guard HeaderFields.name(field, in: bytes, is: "Authentication-Results") else { return false }
        let id = authservID(of: bytes[field.valueStart..<field.end])
        // Whose results they are must be readable, or a reader more lenient than this one may take them for ours.
        return id.isEmpty || id == ours
    }

    /// The first token of the value, folding and comments before it skipped (RFC 8601 section 2.2), in lower case; a quoted one without
    /// its quotes and escapes. Empty if there is none.
    static func authservID(of value: some Sequence<UInt8>) -> [UInt8] {
        var id: [UInt8] = []
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for byte in value {
            // No host name is that long.
            if id.count == 255 { break }
            if isEscaped {
                isEscaped = false
                if depth == 0 { id.append(byte) }
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where depth > 0 || isQuoted: isEscaped = true
            case UInt8(ascii: "(") where !isQuoted && (depth > 0 || id.isEmpty): depth += 1
            case UInt8(ascii: ")") where depth > 0: depth -= 1
            case _ where depth > 0: break
            case UInt8(ascii: "\"") where isQuoted: return id.lowercased
            case UInt8(ascii: "\"") where id.isEmpty: isQuoted = true
            case _ where isQuoted: id.append(byte)
            case 0x09, 0x0A, 0x0D, 0x20: if !id.isEmpty { return id.lowercased }
            case _ where endsToken(byte): return id.lowercased
            default: id.append(byte)
            }
        }
        return id.lowercased
    }

    /// The tspecials of RFC 2045 section 5.1.
    private static func endsToken(_ byte: UInt8) -> Bool { "()<>@,;:\\\"/[]?=".utf8.contains(byte) }

    /// `region` without the forged fields; the same region when there are none. A large one is written to the spool, if there is one, and
    /// throws what that throws.
    public func removed(from region: Region, spool: (any BodySpool)? = nil) throws(StoreFailure) -> Region {
        ranges.isEmpty ? region : try EditedHeader(region.bytes, without: ranges).region(of: region, spool: spool)
    }
}
