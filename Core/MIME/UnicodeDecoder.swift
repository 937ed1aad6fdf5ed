/// Unicode's own encodings, and Western text, to UTF-8: what most mail is in, without a library.
enum UnicodeDecoder {
    typealias Sink = (UnsafeRawBufferPointer) -> Bool

    /// Copies what is valid, whole runs of it; a byte-order mark in front is left out.
    static func utf8(_ bytes: UnsafeRawBufferPointer, _ out: inout UTF8Writer, _ sink: Sink) {
        var at = bytes.hasPrefix("\u{FEFF}", at: 0, to: bytes.count) ? 3 : 0
        while at < bytes.count {
            guard out.hasRoom(sink) else { return }
            let limit = min(bytes.count, at + DecodedChunk.capacity - out.chunk.count)
            var end = at
            while end < limit {
                let length = utf8Length(bytes, at: end, to: bytes.count)
                if length == 0 { break }
                end += length
            }
            if end > at {
                UnsafeMutableRawPointer(out.chunk.base + out.chunk.count).copyMemory(from: bytes.baseAddress! + at, byteCount: end - at)
                out.chunk.count += end - at
                at = end
            } else {
                out.replace()
                at += 1
                // The rest of a cut-off character is the same mistake.
                while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
            }
        }
    }

    /// Windows-1252, which is what ISO 8859-1 and ASCII mean where people write it.
    static func western(_ bytes: UnsafeRawBufferPointer, _ out: inout UTF8Writer, _ sink: Sink) {
        for byte in bytes {
            guard out.hasRoom(sink) else { return }
            if byte < 0x80 {
                out.put(byte)
            } else {
                out.put(scalar: (0x80..<0xA0).contains(byte) ? UInt32(high[Int(byte) - 0x80]) : UInt32(byte))
            }
        }
    }

    /// 0x80 to 0x9F of windows-1252.
    private static let high: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    /// `isBig` nil: as its mark says; without one, as more of it makes sense.
    static func utf16(_ bytes: UnsafeRawBufferPointer, isBig: Bool?, _ out: inout UTF8Writer, _ sink: Sink) {
        var at = 0
        var big = isBig ?? true
        if bytes.count >= 2, bytes[0] == 0xFE && bytes[1] == 0xFF || bytes[0] == 0xFF && bytes[1] == 0xFE {
            if isBig == nil { big = bytes[0] == 0xFE }
            if (bytes[0] == 0xFE) == big { at = 2 }
        } else if isBig == nil {
            // RFC 2781 section 4.3 says big-endian; ASCII with its zeros behind says otherwise.
            let sample = bytes.prefix(256)
            let odd = sample.indices.count { $0 % 2 == 1 && sample[$0] == 0 }
            let even = sample.indices.count { $0 % 2 == 0 && sample[$0] == 0 }
            big = even >= odd
        }
        var half = Half()
        while at + 1 < bytes.count {
            guard out.hasRoom(sink) else { return }
            let (a, b) = (UInt32(bytes[at]), UInt32(bytes[at + 1]))
            let unit = big ? a << 8 | b : b << 8 | a
            at += 2
            half.put(unit, &out)
        }
        if half.isOpen || at < bytes.count { out.replace() }
    }

    static func utf32(_ bytes: UnsafeRawBufferPointer, isBig: Bool?, _ out: inout UTF8Writer, _ sink: Sink) {
        var at = 0
        var big = isBig ?? true
        if bytes.count >= 4 {
            if bytes[0] == 0xFF, bytes[1] == 0xFE, bytes[2] == 0, bytes[3] == 0, isBig != true {
                big = false
                at = 4
            } else if bytes[0] == 0, bytes[1] == 0, bytes[2] == 0xFE, bytes[3] == 0xFF, isBig != false {
                big = true
                at = 4
            } else if isBig == nil {
                big = bytes[0] == 0
            }
        }
        while at + 3 < bytes.count {
            guard out.hasRoom(sink) else { return }
            let word = UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
            out.put(scalar: big ? word : word.byteSwapped)
            at += 4
        }
        if at < bytes.count { out.replace() }
    }

    /// RFC 2152.
    static func utf7(_ bytes: UnsafeRawBufferPointer, _ out: inout UTF8Writer, _ sink: Sink) {
        var bits: UInt32 = 0
        var held: UInt32 = 0
        var half = Half()
        var isShifted = false
        var hasShifted = false
        func value(_ byte: UInt8) -> UInt32? {
            switch byte {
            case 0x41...0x5A: UInt32(byte - 0x41)
            case 0x61...0x7A: UInt32(byte - 0x61 + 26)
            case 0x30...0x39: UInt32(byte - 0x30 + 52)
            case 0x2B: 62
            case 0x2F: 63
            default: nil
            }
        }
        for byte in bytes {
            guard out.hasRoom(sink) else { return }
            if !isShifted {
                if byte == 0x2B {
                    (isShifted, hasShifted, bits, held, half) = (true, false, 0, 0, Half())
                } else if byte < 0x80 {
                    out.put(byte)
                } else {
                    out.replace()
                }
                continue
            }
            if let six = value(byte) {
                hasShifted = true
                bits = (bits << 6 | six) & 0x3F_FFFF
                held += 6
                guard held >= 16 else { continue }
                held -= 16
                let unit = bits >> held & 0xFFFF
                half.put(unit, &out)
                continue
            }
            isShifted = false
            if half.isOpen || held >= 6 || bits & (1 << held - 1) != 0 { out.replace() }
            half = Half()
            if byte == 0x2D {
                if !hasShifted { out.put(0x2B) }
            } else {
                if !hasShifted { out.replace() }
                if byte < 0x80 { out.put(byte) } else { out.replace() }
            }
        }
        if half.isOpen { out.replace() }
    }

    /// The first half of a pair of surrogates, if there is one whose second is still to come.
    private struct Half {
        private var high: UInt32 = 0

        var isOpen: Bool { high != 0 }

        /// One unit of UTF-16.
        @inline(__always)
        mutating func put(_ unit: UInt32, _ out: inout UTF8Writer) {
            let first = high
            high = 0
            switch unit {
            case 0xDC00..<0xE000 where first != 0: out.put(scalar: 0x10000 + (first - 0xD800) << 10 + unit - 0xDC00)
            case 0xDC00..<0xE000: out.replace()
            default:
                if first != 0 { out.replace() }
                if (0xD800..<0xDC00).contains(unit) { high = unit } else { out.put(scalar: unit) }
            }
        }
    }
}
