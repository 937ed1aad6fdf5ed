import Mail

/// A message taken apart (RFC 5322, 2045 to 2049, 2231, 6532): one pass, no copy of its bytes, parts by reference. What mainstream readers would
/// read otherwise is listed as readings of its own, each with `alternativeTo`; within bounds, the whole is linear in the message's size.
public struct MessageTree: Sendable {
    /// In the order in which they begin; other readings stand behind what was read first. The first is the message itself.
    public internal(set) var parts: [Part] = []
    /// Bytes that were looked at for readings, lines judged: what tests hold against a message's size.
    public internal(set) var steps = 0
    var budget: ReadingBudget

    /// One part: what `ContentPart` says of it, and what is needed to decode it.
    public struct Part: Sendable {
        /// `decoded`, `sha256` and `detectedType` are not filled.
        public var content: ContentPart
        /// How `content.raw` is decoded; `.identity` for what is no leaf.
        public var decoder: TransferDecoder = .identity
        /// text/plain; format=flowed, and DelSp=yes (RFC 3676).
        public var isFlowed = false
        public var deletesSpaces = false
        /// Other readings that were made of it, at most 255.
        var readings: UInt8 = 0
        /// How many of those lie within each other to make it.
        var generation: UInt8 = 0
        /// How many multiparts and messages it is in.
        public internal(set) var depth = 0
        /// The boundary by which its body is divided, if it is a multipart (RFC 2046 section 5.1): of an encoded one too, which is a leaf.
        public var boundary: [UInt8] = []

        init(_ content: ContentPart) { self.content = content }
    }

    /// `bytes` is the message as it came: region 0.
    public init(_ bytes: UnsafeRawBufferPointer, limits: TreeLimits = TreeLimits()) {
        self.init(budget: ReadingBudget(limits, size: bytes.count))
        read(bytes, region: 0, base: 0, messageIn: nil)
    }

    private init(budget: ReadingBudget) { self.budget = budget }

    /// The tree moves to the reader and back: a copy of its parts for each of them would be quadratic.
    private mutating func read(_ bytes: UnsafeRawBufferPointer, region: Int, base: Int, messageIn index: Int?) {
        var reader = TreeReader(bytes, region: region, base: base, tree: MessageTree(budget: budget))
        swap(&self, &reader.tree)
        reader.read(messageIn: index)
        swap(&self, &reader.tree)
    }

    /// Takes apart what was encoded as a whole: the decoded bytes of a leaf whose type is message/rfc822 or the like, or a multipart. Its parts are
    /// appended, as children of part `index`; the limits are those of the whole message. `base` is where `bytes` begin in region `region`.
    /// What is too deep, or of another type, is left as it is.
    public mutating func append(decoded bytes: UnsafeRawBufferPointer, region: Int, base: Int = 0, of index: Int) {
        guard isDivisible(index) else { return }
        budget.grow(by: bytes.count)
        read(bytes, region: region, base: base, messageIn: index)
    }

    /// Whether `append(decoded:)` would take the decoded bytes of part `index` apart.
    public func isDivisible(_ index: Int) -> Bool {
        guard parts[index].content.kind == .leaf, parts[index].depth + 1 < budget.limits.depth, parts.count < budget.limits.parts
        else { return false }
        return !parts[index].boundary.isEmpty || MediaType.isMessage(parts[index].content.declaredType)
    }

    /// What its parts say, together.
    public var gaps: ContentGaps { parts.reduce(into: []) { $0.formUnion($1.content.gaps) } }
}
