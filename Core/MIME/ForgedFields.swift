import Mail

/// Finds and cuts header fields that only this gateway may write: `X-Postern-*`, and Authentication-Results that carry our own
/// authserv-id (RFC 8601 section 5). Whoever sends them from outside forges them.
public struct ForgedFields: Sendable {
    public let ranges: [Range<Int>]

    public init(_ header: HeaderFields, in bytes: UnsafeRawBufferPointer, authservID: String) {
        ranges = header.fields.compactMap { field in
            if HeaderFields.hasPrefix(field, in: bytes, "X-Postern-") { return field.start..<field.end }
            guard HeaderFields.name(field, in: bytes, is: "Authentication-Results") else { return nil }
            return Self.authservID(of: HeaderFields.value(field, in: bytes)) == authservID.lowercased() ? field.start..<field.end : nil
        }
    }

    /// The first token of the value, comments before it skipped (RFC 8601 section 2.2), in lower case; a quoted one without its quotes.
    static func authservID(of value: String) -> String {
        var rest = value[...]
        while true {
            rest = rest.drop { $0 == " " }
            guard rest.first == "(" else { break }
            var depth = 0
            var end = rest.startIndex
            while end < rest.endIndex {
                let c = rest[end]
                end = rest.index(after: end)
                if c == "\\", end < rest.endIndex { end = rest.index(after: end) }
                if c == "(" { depth += 1 }
                if c == ")" { depth -= 1 }
                if depth == 0 { break }
            }
            rest = rest[end...]
        }
        if rest.first == "\"" { return rest.dropFirst().prefix { $0 != "\"" }.lowercased() }
        return rest.prefix { $0 != ";" && $0 != " " && $0 != "(" }.lowercased()
    }

    /// `region` without the forged fields; the same region when there are none.
    public func removed(from region: Region) -> Region {
        if ranges.isEmpty { return region }
        var builder = RegionBuilder(capacity: region.count)
        var at = 0
        for range in ranges {
            builder.append(UnsafeRawBufferPointer(rebasing: region.bytes[at..<range.lowerBound]))
            at = range.upperBound
        }
        builder.append(UnsafeRawBufferPointer(rebasing: region.bytes[at...]))
        return Region(sealing: builder)
    }
}
