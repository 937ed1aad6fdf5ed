import MIME
import Mail

/// Fields lie in order within the message, and no forged one outlives its removal, also by a reader that knows nothing of folding.
enum HeaderTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        // Regions end with their last use, their bytes with them.
        let region = Region(copying: Array(bytes))
        defer { withExtendedLifetime(region) {} }
        let header = HeaderFields(region.bytes)
        var at = 0
        for field in header.fields {
            try expect(field.start == at, "a gap before the field at \(field.start)")
            try expect(
                field.start < field.nameEnd && field.nameEnd < field.valueStart && field.valueStart <= field.end, "out of order: \(field)")
            try expect(field.end <= region.count, "behind the end: \(field)")
            let value = HeaderFields.value(field, in: region.bytes, limit: 100)
            try expect(!value.utf8.contains(10) && !value.utf8.contains(13), "a line end in \(value.debugDescription)")
            at = field.end
        }
        try expect(header.bodyStart >= at && header.bodyStart <= region.count, "the body begins at \(header.bodyStart)")
        if region.count > 16 { _ = HeaderFields.isHeader(of: region.bytes, within: region.count / 2) }

        let forged = ForgedFields(header, in: region.bytes, authservID: "mx.example.com")
        at = 0
        for range in forged.ranges {
            try expect(range.lowerBound >= at && !range.isEmpty && range.upperBound <= region.count, "forged at \(range)")
            at = range.upperBound
        }
        let cleaned = try! forged.removed(from: region)
        defer { withExtendedLifetime(cleaned) {} }
        try expect(cleaned.count == region.count - forged.ranges.reduce(0) { $0 + $1.count }, "more or less was cut than was found")
        let left = ForgedFields(HeaderFields(cleaned.bytes), in: cleaned.bytes, authservID: "mx.example.com").ranges
        try expect(left.isEmpty, "forged fields are left at \(left)")
        try expect(!hasOurs(cleaned.bytes), "a line still begins with our name")
    }

    /// As plainly as can be: a line before the first empty one that is a field of ours.
    private static func hasOurs(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let prefix = Array("x-postern-".utf8)
        var at = 0
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            var line = bytes[at..<end]
            while let last = line.last, last == 10 || last == 13 { line = line.dropLast() }
            if line.isEmpty { return false }
            if line.count > prefix.count, line.contains(UInt8(ascii: ":")), zip(line, prefix).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                let name = line.prefix { $0 != UInt8(ascii: ":") }
                let bare = name.reversed().drop { $0 == 32 || $0 == 9 }
                if bare.allSatisfy({ (33...126).contains($0) }) { return true }
            }
            at = end
        }
        return false
    }
}
