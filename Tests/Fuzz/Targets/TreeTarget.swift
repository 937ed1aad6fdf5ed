import MIME
import Mail

/// A message of any bytes becomes parts in order, each within what it is in, as many as may be and no more; all of them are decoded, and what they
/// hold is taken apart again. The work is linear in the size.
enum TreeTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        try run(Growth.grown(input))
    }

    static func run(_ message: [UInt8]) throws(Finding) {
        var tree = message.withUnsafeBytes { MessageTree($0) }
        try expect(tree.steps <= 10 * message.count + 140_000, "\(tree.steps) steps for \(message.count) bytes")
        try check(tree, [message.count])
        let raw = tree.parts.reduce(0) { $0 + ($1.content.kind == .leaf ? $1.content.raw.range.count : 0) }
        try expect(raw <= 12 * message.count + 140_000, "\(raw) bytes of leaves in \(message.count)")

        // As an extractor does it: region 1 is what was decoded.
        var made: [UInt8] = []
        var room = 4 * message.count + (1 << 20)
        var index = 0
        while index < tree.parts.count, room > 0 {
            defer { index += 1 }
            let part = tree.parts[index]
            guard part.content.kind == .leaf, part.decoder != .identity || tree.isDivisible(index) else { continue }
            let whole = part.content.raw.region == 0 ? message : made
            let (bytes, flags) = try decoded(part, whole, &room)
            try expect(!flags.contains(.limit), "a decoder speaks of limits")
            let start = made.count
            made += bytes
            bytes.withUnsafeBytes {
                if part.content.declaredType == "text/plain", part.decoder != .identity {
                    tree.append(filesIn: $0, region: 1, base: start, of: index)
                }
                if tree.isDivisible(index) { tree.append(decoded: $0, region: 1, base: start, of: index) }
            }
        }
        let size = message.count + made.count
        try expect(tree.steps <= 10 * size + 140_000, "\(tree.steps) steps for \(size) bytes, decoded ones among them")
        try check(tree, [message.count, made.count])
    }

    private static func decoded(_ part: MessageTree.Part, _ whole: [UInt8], _ room: inout Int) throws(Finding) -> ([UInt8], PartFlags) {
        var out: [UInt8] = []
        var isBad = false
        let flags = whole.withUnsafeBytes { whole in
            part.decoder.decode(UnsafeRawBufferPointer(rebasing: whole[part.content.raw.range])) { chunk in
                isBad = isBad || chunk.isEmpty || chunk.count > TransferDecoder.chunk
                out.append(contentsOf: chunk)
                return out.count < room
            }
        }
        room -= out.count
        try expect(!isBad, "an empty or a large chunk")
        // What uuencode lost at a line's end was zero; BinHex writes runs of one byte as three.
        let most = part.decoder == .binhex || part.decoder == .binhexResources ? 96 : 2
        try expect(out.count <= most * part.content.raw.range.count, "\(out.count) bytes decoded of \(part.content.raw.range.count)")
        return (out, flags)
    }

    /// `sizes`: of the regions.
    private static func check(_ tree: MessageTree, _ sizes: [Int]) throws(Finding) {
        let parts = tree.parts
        let limits = TreeLimits()
        try expect(!parts.isEmpty && parts.count <= limits.parts, "\(parts.count) parts")
        try expect(parts[0].content.path == "" && parts[0].content.parent == nil, "the first is not the message itself")
        var paths: Set<String> = []
        var readings: [Int: Int] = [:]
        var reached: [Int: Int] = [:]
        for (i, part) in parts.enumerated() {
            let content = part.content
            try expect(paths.insert(content.path).inserted, "two parts \(content.path)")
            for ref in [content.header, content.raw] {
                try expect(
                    sizes.indices.contains(ref.region) && ref.range.upperBound <= sizes[ref.region],
                    "part \(content.path) at \(ref.range) of region \(ref.region), \(sizes) bytes")
            }
            try expect(content.header.region == content.raw.region, "part \(content.path) is in two regions")
            try expect(
                content.header.range.upperBound <= content.raw.range.lowerBound, "part \(content.path) begins before its header ends")
            try expect(part.depth <= limits.depth + 1, "part \(content.path) is \(part.depth) deep")
            try expect(content.gaps.isSuperset(of: content.flags.gaps), "part \(content.path): \(content.gaps) for \(content.flags)")
            try expect(content.kind == .leaf || part.decoder == .identity, "part \(content.path) is no leaf and encoded")
            try checkWords(content, limits)
            if let original = content.alternativeTo {
                try expect(original < i, "part \(content.path) reads \(original)")
                try expect(parts[original].content.gaps.contains(.ambiguous), "part \(parts[original].content.path) is not ambiguous")
                readings[original, default: 0] += 1
            }
            guard let parent = content.parent else {
                try expect(i == 0 || content.alternativeTo != nil, "part \(content.path) is in nothing")
                continue
            }
            try expect(parent < i, "part \(content.path) stands before what it is in")
            try expect(part.depth == parts[parent].depth + 1, "part \(content.path) is \(part.depth) deep")
            // What is in a leaf may be a piece of what it was decoded to.
            guard parts[parent].content.kind != .leaf else { continue }
            let outer = parts[parent].content.raw.range
            try expect(
                outer.lowerBound <= content.header.range.lowerBound && content.raw.range.upperBound <= outer.upperBound,
                "part \(content.path) at \(content.header.range), \(content.raw.range) is outside of \(outer)")
            if content.alternativeTo == nil {
                let start = content.header.range.isEmpty ? content.raw.range.lowerBound : content.header.range.lowerBound
                try expect(start >= reached[parent] ?? 0, "part \(content.path) begins within another")
                reached[parent] = content.raw.range.upperBound
            }
        }
        try expect(readings.values.allSatisfy { $0 <= limits.readingsPerPart }, "\(readings) readings of parts")
        try expect(readings.values.reduce(0, +) <= limits.readings, "\(readings) readings")
    }

    private static func checkWords(_ content: ContentPart, _ limits: TreeLimits) throws(Finding) {
        try expect(content.names.count <= limits.names && Set(content.names).count == content.names.count, "names \(content.names)")
        for name in content.names { try expect(!name.isEmpty && !name.utf8.contains(0), "a name \(name.debugDescription)") }
        let type = content.declaredType.utf8
        try expect(
            type.count { $0 == UInt8(ascii: "/") } == 1 && type.first != UInt8(ascii: "/") && type.last != UInt8(ascii: "/")
                && type.allSatisfy { (33...126).contains($0) && !(65...90).contains($0) } && type.count < 300,
            "the type \(content.declaredType.debugDescription)")
        let disposition = content.disposition.utf8
        try expect(disposition.count <= 64 && disposition.allSatisfy { (33...126).contains($0) }, "\(content.disposition.debugDescription)")
        try expect(content.charset.utf8.count <= 512 && content.transferEncoding.utf8.count <= 256, "a long word")
        try expect(content.contentID.utf8.count <= 3_000, "a long Content-ID")
    }
}
