/// Without one of these bytes nothing in text is an address: `.` `:` `@`, and those that disguise them.
extension UnsafeRawBufferPointer {
    /// Offset of the first of them from `start` on, or `count`.
    func linkMark(from start: Int) -> Int {
        typealias Block = SIMD32<UInt8>
        guard let base = baseAddress else { return count }
        var at = start
        while at + 32 <= count {
            let block = (base + at).loadUnaligned(as: Block.self)
            let plain = (block .== Block(repeating: 0x2E)) .| (block .== Block(repeating: 0x3A)) .| (block .== Block(repeating: 0x40))
            let round = (block .== Block(repeating: 0x28)) .| (block .== Block(repeating: 0x3C)) .| (block .== Block(repeating: 0x7B))
            let square = (block .== Block(repeating: 0x5B)) .| (block .== Block(repeating: 0x5C))
            let words = unsafeBitCast(plain .| round .| square, to: SIMD4<UInt64>.self)
            if words[0] | words[1] | words[2] | words[3] != 0 { break }
            at += 32
        }
        while at < count, !Self.isLinkMark(self[at]) { at += 1 }
        return at
    }

    private static func isLinkMark(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x28, 0x2E, 0x3A, 0x3C, 0x40, 0x5B, 0x5C, 0x7B: true
        default: false
        }
    }
}
