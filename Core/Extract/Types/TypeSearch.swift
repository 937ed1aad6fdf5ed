import func Glibc.memchr

/// Searches by which types are told.
extension UnsafeRawBufferPointer {
    func offset(of byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress, start < count, let found = memchr(base + start, Int32(byte), count - start) else { return nil }
        return base.distance(to: found)
    }

    func lastOffset(of byte: UInt8, in range: Range<Int>) -> Int? {
        typealias Block = SIMD32<UInt8>
        guard let base = baseAddress else { return nil }
        var end = range.upperBound
        while end - 32 >= range.lowerBound {
            let block = (base + end - 32).loadUnaligned(as: Block.self)
            let words = unsafeBitCast(block .== Block(repeating: byte), to: SIMD4<UInt64>.self)
            if words[0] | words[1] | words[2] | words[3] != 0 { break }
            end -= 32
        }
        while end > range.lowerBound {
            end -= 1
            if self[end] == byte { return end }
        }
        return nil
    }

    /// Offset of the first byte that is a control of ASCII and stands in no text.
    var firstControl: Int? {
        typealias Block = SIMD32<UInt8>
        guard let base = baseAddress else { return nil }
        var at = 0
        while at + 32 <= count {
            let block = (base + at).loadUnaligned(as: Block.self)
            // Tabs and line ends are seven in a row; substitute and escape are the other two.
            let low = (block .< Block(repeating: 32)) .& ((block &- Block(repeating: 7)) .> Block(repeating: 6))
            let wrong = low .& (block .!= Block(repeating: 26)) .& (block .!= Block(repeating: 27))
            let words = unsafeBitCast(wrong .| (block .== Block(repeating: 127)), to: SIMD4<UInt64>.self)
            if words[0] | words[1] | words[2] | words[3] != 0 { break }
            at += 32
        }
        while at < count {
            switch self[at] {
            case 0...6, 14...25, 28...31, 127: return at
            default: at += 1
            }
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// How many bytes are " $ % & ( ) + ; < = > [ \\ ] _ { | }, of which scripts have more than prose.
    var countOfMarks: Int {
        typealias Block = SIMD32<UInt8>
        guard let base = baseAddress else { return 0 }
        func isIn(_ block: Block, _ first: UInt8, _ last: UInt8) -> SIMDMask<SIMD32<Int8>> {
            (block &- Block(repeating: first)) .<= Block(repeating: last - first)
        }
        var marks = 0
        var at = 0
        while at + 32 <= count {
            let block = (base + at).loadUnaligned(as: Block.self)
            let low = isIn(block, 36, 38) .| isIn(block, 40, 41) .| isIn(block, 59, 62) .| (block .== Block(repeating: 34))
            let high = isIn(block, 91, 93) .| isIn(block, 123, 125) .| (block .== Block(repeating: 95)) .| (block .== Block(repeating: 43))
            let words = unsafeBitCast(low .| high, to: SIMD4<UInt64>.self)
            marks += (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } / 8
            at += 32
        }
        while at < count {
            switch self[at] {
            case 34, 36...38, 40, 41, 43, 59...62, 91...93, 95, 123...125: marks += 1
            default: break
            }
            at += 1
        }
        return marks
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Whether `word` is anywhere in it.
    func contains(_ word: StaticString) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: self)
        var at = 0
        while let place = bytes.offset(of: word.utf8Start[0], from: at) {
            if bytes[place...].starts(with: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)) { return true }
            at = place + 1
        }
        return false
    }

    /// Whether `word`, in lower case, is anywhere in it in either case.
    func containsFolded(_ word: StaticString) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: self)
        let length = word.utf8CodeUnitCount
        let first = word.utf8Start[0]
        let isLetter = first &- 0x61 < 26
        var at = 0
        while at + length <= bytes.count {
            if !isLetter {
                guard let place = bytes.offset(of: first, from: at) else { return false }
                at = place
            }
            if bytes[at] | 0x20 == first | 0x20, bytes[at...].prefix(length).elementsEqualFolded(word) { return true }
            at += 1
        }
        return false
    }
}
