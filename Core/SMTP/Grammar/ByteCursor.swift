/// Walks over the bytes of one line. Never outlives them: used within the call that lends them.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }
    /// 0 at the end: no grammar here has a NUL.
    var next: UInt8 { at < bytes.count ? bytes[at] : 0 }

    mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// How many bytes from here on satisfy `isMember`; goes past them.
    mutating func takeWhile(_ isMember: (UInt8) -> Bool) -> Int {
        let start = at
        while at < bytes.count, isMember(bytes[at]) { at += 1 }
        return at - start
    }

    /// Takes `word` (upper case ASCII) without regard to case, or nothing.
    mutating func take(word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        for i in 0..<count where bytes[at + i].asciiUppercased != word.utf8Start[i] { return false }
        at += count
        return true
    }

    mutating func skipSpaces() { _ = takeWhile { $0 == UInt8(ascii: " ") } }

    /// All of it, read or not, is UTF-8 without the control characters that it adds (C1, line and paragraph separator).
    var isUTF8: Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy { !(0x80...0x9F).contains($0.value) && $0.value != 0x2028 && $0.value != 0x2029 }
    }

    func slice(from start: Int, to end: Int? = nil) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<(end ?? at)])
    }

    func string(from start: Int, to end: Int? = nil) -> String { String(decoding: slice(from: start, to: end), as: UTF8.self) }
}

extension UInt8 {
    var asciiUppercased: UInt8 { self &- UInt8(ascii: "a") < 26 ? self & 0xDF : self }
    var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    var isASCIILetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
    /// RFC 5321 section 4.1.2 `Let-dig`.
    var isLetterOrDigit: Bool { isASCIIDigit || isASCIILetter }

    /// RFC 5322 section 3.2.3 `atext`, and `UTF8-non-ascii` (RFC 6531 section 3.3), which the caller has checked.
    var isAtomText: Bool {
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"),
            UInt8(ascii: "~"):
            true
        default: isLetterOrDigit || self >= 128
        }
    }

    /// RFC 5321 section 4.1.2 `qtextSMTP`: printable, no quote, no backslash; with `UTF8-non-ascii`.
    var isQuotedText: Bool { self >= 32 && self != 127 && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\") }

    /// RFC 5321 section 4.1.2 `esmtp-value`: printable, no space, no `=`.
    var isParameterValue: Bool { (33...126).contains(self) && self != UInt8(ascii: "=") }
}
