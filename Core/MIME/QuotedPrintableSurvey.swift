/// What a look at quoted-printable tells before it is decoded, in one pass: whether readers would differ about it (RFC 2045 section 6.7).
struct QuotedPrintableSurvey {
    /// `=` stands where it begins no escape and ends no line.
    private(set) var hasJunk = false
    /// Bytes that are no text, with line ends that were not encoded (rule 4): CR LF on the way, and what a reader makes of it afterwards.
    private(set) var hasBareLineEndsInBinary = false

    private var isBinary = false

    init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) {
        guard let base = bytes.baseAddress else { return }
        typealias Block = SIMD32<UInt8>
        let (equals, one) = (Block(repeating: 0x3D), Block(repeating: 0x31))
        let (cr, lf) = (Block(repeating: 0x0D), Block(repeating: 0x0A))
        var at = range.lowerBound
        while at + 34 <= range.upperBound, !(hasJunk && isBinary) {
            let marks = (base + at).loadUnaligned(as: Block.self) .== equals
            if marks.isAny {
                // Escapes from 0x20 on and line ends are what almost all are; the others are judged one by one.
                let first = (base + at + 1).loadUnaligned(as: Block.self)
                let second = (base + at + 2).loadUnaligned(as: Block.self)
                let isEscape = Self.areDigits(first) .& Self.areDigits(second) .& (first .> one)
                if (marks .& .!(isEscape .| (first .== cr) .| (first .== lf))).isAny {
                    for i in at..<at + 32 where bytes[i] == 0x3D { judge(bytes, i, range.upperBound) }
                }
            }
            at += 32
        }
        while at < range.upperBound, !(hasJunk && isBinary) {
            if bytes[at] == 0x3D { judge(bytes, at, range.upperBound) }
            at += 1
        }
        if isBinary { hasBareLineEndsInBinary = Self.hasBareLineEnds(bytes, range) }
    }

    /// Hexadecimal ones, in either case.
    @inline(__always)
    private static func areDigits(_ block: SIMD32<UInt8>) -> SIMDMask<SIMD32<Int8>> {
        typealias Block = SIMD32<UInt8>
        let six = Block(repeating: 6)
        return (block &- Block(repeating: 0x30) .< Block(repeating: 10)) .| (block &- Block(repeating: 0x41) .< six)
            .| (block &- Block(repeating: 0x61) .< six)
    }

    private mutating func judge(_ bytes: UnsafeRawBufferPointer, _ equals: Int, _ end: Int) {
        var at = equals + 1
        if at + 1 < end, let high = hexValue(bytes[at]), let low = hexValue(bytes[at + 1]) {
            let byte = high << 4 | low
            if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D, byte != 0x0C, byte != 0x1B { isBinary = true }
            return
        }
        if hasJunk { return }
        while at < end, isBlank(bytes[at]) { at += 1 }
        if at < end, bytes[at] != 0x0D, bytes[at] != 0x0A { hasJunk = true }
    }

    private static func hasBareLineEnds(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while let newline = bytes.offset(of: 0x0A, in: at..<range.upperBound) {
            var end = newline
            while end > at, bytes[end - 1] == 0x0D || isBlank(bytes[end - 1]) { end -= 1 }
            if end == at || bytes[end - 1] != 0x3D, newline > at, bytes[newline - 1] == 0x0D { return true }
            at = newline + 1
        }
        return false
    }
}
