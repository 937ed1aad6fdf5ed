import func Glibc.memchr
import func Glibc.memcmp

/// Where things stand in a message's bytes. Each search is linear in what it looks through.
extension UnsafeRawBufferPointer {
    /// Offset of the first `byte` in `range`.
    func offset(of byte: UInt8, in range: Range<Int>) -> Int? {
        guard let base = baseAddress, !range.isEmpty, let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
            return nil
        }
        return base.distance(to: found)
    }

    /// Of the first `byte` within the next 32 from `start` on, all before it copied to `out`; or how far was looked. `out` has room for eight more.
    @inline(__always)
    func nearOffset(of byte: UInt8, from start: Int, to end: Int, copying out: UnsafeMutableRawPointer?) -> (offset: Int, isFound: Bool) {
        guard let base = baseAddress else { return (start, false) }
        let wanted = 0x0101_0101_0101_0101 &* UInt64(byte)
        var at = start
        let last = Swift.min(start + 32, end - 7)
        while at < last {
            let word = (base + at).loadUnaligned(as: UInt64.self)
            out?.storeBytes(of: word, toByteOffset: at - start, as: UInt64.self)
            let other = UInt64(littleEndian: word) ^ wanted
            // The lowest byte that is zero has its top bit set.
            let zeros = (other &- 0x0101_0101_0101_0101) & ~other & 0x8080_8080_8080_8080
            if zeros != 0 { return (at + zeros.trailingZeroBitCount / 8, true) }
            at += 8
        }
        return (at, false)
    }

    /// The same as `offset(of:in:)`, faster where it is near.
    func offset(ofNear byte: UInt8, in range: Range<Int>) -> Int? {
        let near = nearOffset(of: byte, from: range.lowerBound, to: range.upperBound, copying: nil)
        return near.isFound ? near.offset : offset(of: byte, in: near.offset..<range.upperBound)
    }

    /// Offset of the first occurrence of a short `needle` that lies in `range`. At worst as slow as both lengths multiplied: for field values.
    func offset(of needle: [UInt8], in range: Range<Int>) -> Int? {
        guard let base = baseAddress, let first = needle.first else { return nil }
        return needle.withUnsafeBytes { needle in
            var at = range.lowerBound
            while let found = offset(of: first, in: at..<Swift.max(at, range.upperBound - needle.count + 1)) {
                if memcmp(base + found, needle.baseAddress!, needle.count) == 0 { return found }
                at = found + 1
            }
            return nil
        }
    }

    /// Offset of the first line in `range` that begins with `--` and this.
    func offset(ofBoundary boundary: [UInt8], in range: Range<Int>) -> Int? {
        var at = range.lowerBound
        while let line = dashLine(from: at, to: range.upperBound) {
            at = line + 2
            guard at + boundary.count <= range.upperBound else { return nil }
            if boundary.withUnsafeBytes({ memcmp(baseAddress! + line + 2, $0.baseAddress!, $0.count) == 0 }) { return line }
        }
        return nil
    }

    /// Offset behind the LF that ends the line, or `end`. With `carriage`, a CR alone ends a line too.
    func endOfLine(from start: Int, to end: Int, carriage: Bool = false) -> Int {
        let newline = offset(of: 0x0A, in: start..<end)
        guard carriage else { return newline.map { $0 + 1 } ?? end }
        guard let cr = offset(of: 0x0D, in: start..<(newline ?? end)) else { return newline.map { $0 + 1 } ?? end }
        return cr + 1 == newline ? cr + 2 : cr + 1
    }

    /// The line without its end: CRs and the LF.
    func endOfText(_ line: Range<Int>) -> Int {
        var end = line.upperBound
        if end > line.lowerBound, self[end - 1] == 0x0A { end -= 1 }
        while end > line.lowerBound, self[end - 1] == 0x0D { end -= 1 }
        return end
    }

    func hasPrefix(_ prefix: StaticString, at start: Int, to end: Int) -> Bool {
        guard let base = baseAddress, end - start >= prefix.utf8CodeUnitCount else { return false }
        return memcmp(base + start, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
    }

    /// Without regard to ASCII case; `prefix` is in lower case.
    func hasPrefix(lowercase prefix: StaticString, at start: Int, to end: Int) -> Bool {
        guard end - start >= prefix.utf8CodeUnitCount else { return false }
        for i in 0..<prefix.utf8CodeUnitCount where asciiLower(self[start + i]) != prefix.utf8Start[i] { return false }
        return true
    }

    /// Offset of the next `--` that begins a line, from `start` on. A CR alone counts as a line's end.
    func dashLine(from start: Int, to end: Int) -> Int? {
        guard let base = baseAddress, end - start >= 2 else { return nil }
        if start == 0, self[0] == 0x2D, self[1] == 0x2D { return 0 }
        typealias Block = SIMD32<UInt8>
        let dash = Block(repeating: 0x2D)
        let lf = Block(repeating: 0x0A)
        let cr = Block(repeating: 0x0D)
        // The byte before the dashes.
        var at = Swift.max(start - 1, 0)
        while at + 34 <= end {
            let first = (base + at + 1).loadUnaligned(as: Block.self) .== dash
            if isAny(first) {
                let second = (base + at + 2).loadUnaligned(as: Block.self) .== dash
                let before = (base + at).loadUnaligned(as: Block.self)
                if isAny(first .& second .& ((before .== lf) .| (before .== cr))) {
                    for i in at..<at + 32 where isDashLine(behind: i) { return i + 1 }
                }
            }
            at += 32
        }
        while at + 2 < end {
            if isDashLine(behind: at) { return at + 1 }
            at += 1
        }
        return nil
    }

    /// Offset of the next line behind `start` that begins with what `EmbeddedFile` looks for.
    func markedLine(behind start: Int) -> Int? {
        guard let base = baseAddress else { return nil }
        typealias Block = SIMD32<UInt8>
        let lf = Block(repeating: 0x0A)
        let (b, equals, dash) = (Block(repeating: 0x62), Block(repeating: 0x3D), Block(repeating: 0x2D))
        // The byte before the line.
        var at = start
        while at + 33 <= count {
            let ends = (base + at).loadUnaligned(as: Block.self) .== lf
            if isAny(ends) {
                let first = (base + at + 1).loadUnaligned(as: Block.self)
                if isAny(ends .& ((first .== b) .| (first .== equals) .| (first .== dash))) {
                    for i in at..<at + 32 where self[i] == 0x0A && EmbeddedFile.isMark(self[i + 1]) { return i + 1 }
                }
            }
            at += 32
        }
        while at + 1 < count {
            if self[at] == 0x0A, EmbeddedFile.isMark(self[at + 1]) { return at + 1 }
            at += 1
        }
        return nil
    }

    @inline(__always)
    private func isDashLine(behind i: Int) -> Bool {
        self[i + 1] == 0x2D && self[i + 2] == 0x2D && (self[i] == 0x0A || self[i] == 0x0D)
    }

    @inline(__always)
    private func isAny(_ mask: SIMDMask<SIMD32<Int8>>) -> Bool {
        let words = unsafeBitCast(mask, to: SIMD4<UInt64>.self)
        return words[0] | words[1] | words[2] | words[3] != 0
    }
}

@inline(__always)
func asciiLower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

extension Collection<UInt8> {
    var lowercased: [UInt8] { map(asciiLower) }

    /// Without blanks and control characters at both ends.
    var trimmed: [UInt8] {
        var bytes = Array(self)
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        if let first = bytes.firstIndex(where: { $0 > 0x20 }) { bytes.removeFirst(first) } else { bytes = [] }
        return bytes
    }

    /// As text; bytes that are no UTF-8 become U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }
}
