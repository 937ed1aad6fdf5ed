import func Glibc.memcmp

/// A web address that is written as it serializes (URL standard, section 4.5), so that nothing of it has to be made anew: most addresses in mail are.
/// What is only nearly so has to be parsed.
struct PlainAddress {
    /// Lower case, neither a number nor encoded.
    let host: Range<Int>
    /// Behind the host stands no path, where the serialized form has a slash.
    let lacksSlash: Bool

    /// nil: it has to be parsed.
    init?(_ text: UnsafeRawBufferPointer) {
        guard let start = Self.schemeLength(text), let end = Self.hostEnd(text, from: start) else { return nil }
        host = start..<end
        lacksSlash = end == text.count || text[end] != UInt8(ascii: "/")
        var at = end
        if !lacksSlash {
            guard let end = Self.pathEnd(text, from: at) else { return nil }
            at = end
        }
        if at < text.count, text[at] == UInt8(ascii: "?") {
            guard let end = Self.queryEnd(text, from: at + 1) else { return nil }
            at = end
        }
        guard at < text.count else { return }
        // What is neither a path nor a query has to be a fragment: a port, for one, is not.
        guard text[at] == UInt8(ascii: "#") else { return nil }
        while at < text.count {
            guard Self.isPlainInFragment(text[at]) else { return nil }
            at += 1
        }
    }

    /// `text` is what it was made of.
    func serialized(_ text: UnsafeRawBufferPointer) -> String {
        guard lacksSlash else { return String(decoding: text, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: text.count + 1) { out in
            let out = UnsafeMutableRawBufferPointer(out)
            out.copyBytes(from: text[..<host.upperBound])
            out[host.upperBound] = UInt8(ascii: "/")
            UnsafeMutableRawBufferPointer(rebasing: out[(host.upperBound + 1)...]).copyBytes(from: text[host.upperBound...])
            return text.count + 1
        }
    }

    private static func schemeLength(_ text: UnsafeRawBufferPointer) -> Int? {
        guard let base = text.baseAddress, text.count > 8 else { return nil }
        let isPlain: StaticString = "http://"
        let isSecure: StaticString = "https://"
        if memcmp(base, isSecure.utf8Start, 8) == 0 { return 8 }
        return memcmp(base, isPlain.utf8Start, 7) == 0 ? 7 : nil
    }

    /// A name that is no IPv4 address: its last label begins with no digit.
    private static func hostEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var at = start
        var label = start
        scan: while at < text.count {
            switch text[at] {
            case 0x61...0x7A, 0x30...0x39, 0x5F: break
            case 0x2E: label = at + 1
            case 0x2D:
                // As in `xn--`.
                if text[at - 1] == 0x2D { return nil }
            default: break scan
            }
            at += 1
        }
        guard at > label, text[label] &- 0x30 > 9 else { return nil }
        return at
    }

    private static func pathEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var at = start
        while at < text.count {
            switch text[at] {
            case 0x3F, 0x23: return at
            case 0x2F:
                // A segment of dots, perhaps.
                if at + 1 < text.count, text[at + 1] == 0x2E { return nil }
            case 0x25: if !isTriple(text, at) { return nil }
            // All but blanks, controls, what is beyond ASCII and " # < > ? \ ^ ` { }
            case 0x21, 0x24...0x3B, 0x3D, 0x40...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7C, 0x7E: break
            default: return nil
            }
            at += 1
        }
        return at
    }

    private static func queryEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var at = start
        while at < text.count {
            switch text[at] {
            case 0x23: return at
            case 0x25: if !isTriple(text, at) { return nil }
            // All but blanks, controls, what is beyond ASCII and " # ' < >
            case 0x21, 0x24...0x26, 0x28...0x3B, 0x3D, 0x3F...0x7E: break
            default: return nil
            }
            at += 1
        }
        return at
    }

    @inline(__always) private static func isPlainInFragment(_ byte: UInt8) -> Bool {
        switch byte {
        // All but blanks, controls, what is beyond ASCII and " < > `
        case 0x21, 0x23...0x3B, 0x3D, 0x3F...0x5F, 0x61...0x7E: true
        default: false
        }
    }

    /// `%2F`: two digits in upper case that stand for a byte which has to be encoded (RFC 3986 section 6.2.2).
    private static func isTriple(_ text: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        guard at + 2 < text.count, let high = digit(text[at + 1]), let low = digit(text[at + 2]) else { return false }
        return !PercentEncodeSet.isUnreserved(high << 4 | low)
    }

    @inline(__always) private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }
}
