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

    /// Offset of the first `byte` from `start` on, or `end`; all before it is copied to `out`, which has room for 16 bytes more than that.
    @inline(__always)
    func offset(of byte: UInt8, from start: Int, to end: Int, copying out: UnsafeMutableRawPointer) -> Int {
        let base = baseAddress!
        typealias Block = SIMD16<UInt8>
        let wanted = Block(repeating: byte)
        var at = start
        while at &+ 16 <= count {
            let block = (base + at).loadUnaligned(as: Block.self)
            (out + (at &- start)).storeBytes(of: block, as: Block.self)
            let hits = unsafeBitCast(block .== wanted, to: SIMD2<UInt64>.self)
            if hits[0] != 0 { return Swift.min(end, at &+ UInt64(littleEndian: hits[0]).trailingZeroBitCount / 8) }
            if hits[1] != 0 { return Swift.min(end, at &+ 8 &+ UInt64(littleEndian: hits[1]).trailingZeroBitCount / 8) }
            at &+= 16
            if at >= end { return end }
        }
        while at < end, self[at] != byte {
            out.storeBytes(of: self[at], toByteOffset: at - start, as: UInt8.self)
            at += 1
        }
        return at
    }

    /// Whether a byte in `range` is none of ASCII.
    func hasHighBytes(in range: Range<Int>) -> Bool {
        guard let base = baseAddress else { return false }
        var at = range.lowerBound
        while at + 8 <= range.upperBound {
            if (base + at).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return true }
            at += 8
        }
        while at < range.upperBound {
            if self[at] >= 0x80 { return true }
            at += 1
        }
        return false
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
            if first.isAny {
                let second = (base + at + 2).loadUnaligned(as: Block.self) .== dash
                let before = (base + at).loadUnaligned(as: Block.self)
                if (first .& second .& ((before .== lf) .| (before .== cr))).isAny {
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
        let bracket = Block(repeating: 0x28)
        // The byte before the line.
        var at = start
        while at + 33 <= count {
            let ends = (base + at).loadUnaligned(as: Block.self) .== lf
            if ends.isAny {
                let first = (base + at + 1).loadUnaligned(as: Block.self)
                if (ends .& ((first .== b) .| (first .== equals) .| (first .== dash) .| (first .== bracket))).isAny {
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

}

extension SIMDMask<SIMD32<Int8>> {
    @inline(__always)
    var isAny: Bool {
        let words = unsafeBitCast(self, to: SIMD4<UInt64>.self)
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
        guard let first = firstIndex(where: { $0 > 0x20 }) else { return [] }
        var bytes = Array(self[first...])
        while bytes[bytes.count - 1] <= 0x20 { bytes.removeLast() }
        return bytes
    }

    /// As text; bytes that are no UTF-8 become U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension String {
    /// Text with ASCII in lower case; bytes that are no UTF-8 become U+FFFD.
    init(lowercase bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 128 else {
            self = bytes.lowercased.text
            return
        }
        self.init(unsafeUninitializedCapacity: bytes.count) { out in
            for (i, byte) in bytes.enumerated() { out[i] = asciiLower(byte) }
            return bytes.count
        }
    }

    /// Without regard to ASCII case; `suffix` is in lower case.
    func hasSuffix(lowercase suffix: StaticString) -> Bool {
        utf8.count >= suffix.utf8CodeUnitCount && suffix.withUTF8Buffer { utf8.suffix($0.count).map(asciiLower).elementsEqual($0) }
    }
}
