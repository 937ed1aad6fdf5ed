import MIME
import Mail

/// A message taken apart down to decoded leaves, as the extractor does it.
struct Exploded {
    struct Leaf {
        var part: ContentPart
        var bytes: [UInt8]
        var flags: PartFlags
    }

    private(set) var tree: MessageTree
    private(set) var leaves: [Leaf] = []
    /// What the tree and its decoders say, together.
    private(set) var gaps: ContentGaps = []

    init(_ message: [UInt8], limits: TreeLimits = TreeLimits()) {
        tree = message.withUnsafeBytes { MessageTree($0, limits: limits) }
        var regions = [message]
        var next = 0
        while next < tree.parts.count {
            defer { next += 1 }
            let part = tree.parts[next]
            guard part.content.kind == .leaf else { continue }
            let (bytes, flags) = regions[part.content.raw.region].withUnsafeBytes {
                part.decoder.decoded(UnsafeRawBufferPointer(rebasing: $0[part.content.raw.range]))
            }
            leaves.append(Leaf(part: part.content, bytes: bytes, flags: flags))
            gaps.formUnion(flags.gaps)
            guard part.decoder != .identity else { continue }
            regions.append(bytes)
            bytes.withUnsafeBytes { bytes in
                if tree.isDivisible(next) {
                    tree.append(decoded: bytes, region: regions.count - 1, of: next)
                } else if part.content.declaredType == "text/plain" {
                    tree.append(filesIn: bytes, region: regions.count - 1, base: 0, of: next)
                }
            }
        }
        gaps.formUnion(tree.gaps)
    }

    /// Whether something is said of it that no clean message has.
    var isFlagged: Bool { !gaps.isDisjoint(with: [.malformed, .ambiguous]) }

    /// Leaves as a parser has them that knows one reading of each part: no other readings, no files inside text, nothing that was taken apart.
    var firstLeaves: [Leaf] {
        let divided = Set(tree.parts.filter { !$0.content.path.contains("/") }.compactMap(\.content.parent))
        let paths = Set(divided.map { tree.parts[$0].content.path })
        return leaves.filter { !$0.part.path.contains("~") && !$0.part.path.contains("/") && !paths.contains($0.part.path) }
    }
}
