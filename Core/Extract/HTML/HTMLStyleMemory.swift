/// What `style` attributes said that came before: pages say the same of cell after cell.
struct HTMLStyleMemory {
    typealias Declarations = (plain: CSSDeclarations, important: CSSDeclarations)

    private static let slots = 32
    private var spans: [Range<Int>] = []
    private var declarations: [Declarations] = []

    /// As `read` has it, or had it.
    mutating func declarations(
        _ attribute: HTMLAttribute, _ tag: HTMLTag, _ read: (UnsafeRawBufferPointer) -> Declarations
    ) -> Declarations {
        tag.withValue(attribute) { value in
            guard attribute.isVerbatim, value.count > 8 else { return read(value) }
            if spans.isEmpty {
                spans = Array(repeating: 0..<0, count: Self.slots)
                declarations = Array(repeating: (CSSDeclarations(), CSSDeclarations()), count: Self.slots)
            }
            let slot = Self.slot(value)
            let known = UnsafeRawBufferPointer(rebasing: tag.input[spans[slot]])
            if known.count == value.count, known.elementsEqual(value) { return declarations[slot] }
            let made = read(value)
            spans[slot] = attribute.value
            declarations[slot] = made
            return made
        }
    }

    private static func slot(_ value: UnsafeRawBufferPointer) -> Int {
        let first = value.loadUnaligned(as: UInt64.self)
        let middle = value.loadUnaligned(fromByteOffset: (value.count - 8) / 2, as: UInt64.self)
        let last = value.loadUnaligned(fromByteOffset: value.count - 8, as: UInt64.self)
        let mixed = (first ^ middle &* 31 ^ last &* 127 ^ UInt64(value.count)) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed >> 59)
    }
}
