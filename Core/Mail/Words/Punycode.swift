/// Internationalised domain names as Unicode text and back (RFC 3492, RFC 5890 section 2.3.2.1). Bounded by the length of a name.
public enum Punycode {
    /// `xn--bcher-kva.example` -> `bücher.example`, in lower case. nil when no label is an A-label, or one is malformed.
    public static func unicodeName(of domain: String) -> String? {
        guard domain.utf8.count <= 1024 else { return nil }
        var hasDecoded = false
        var labels: [String] = []
        for label in domain.split(separator: ".", omittingEmptySubsequences: false) {
            guard label.utf8.count > 4, label.lowercased().hasPrefix("xn--") else {
                labels.append(String(label))
                continue
            }
            guard let text = decode(label.utf8.dropFirst(4)) else { return nil }
            labels.append(text)
            hasDecoded = true
        }
        return hasDecoded ? labels.joined(separator: ".").lowercased() : nil
    }

    // RFC 3492 section 5.
    static let base = 36
    static let tMin = 1
    static let tMax = 26
    private static let skew = 38
    private static let damp = 700
    static let initialBias = 72
    static let initialN = 128

    /// A label without its prefix; nil when it is malformed, longer than `most` (a label's 63 bytes), or has nothing outside ASCII.
    public static func decode(_ text: Substring.UTF8View, most: Int = 59) -> String? {
        guard !text.isEmpty, text.count <= most else { return nil }
        var scalars: [Unicode.Scalar] = []
        var rest = text
        if let hyphen = text.lastIndex(of: UInt8(ascii: "-")) {
            for byte in text[..<hyphen] {
                guard byte < 0x80 else { return nil }
                scalars.append(Unicode.Scalar(byte))
            }
            rest = text[text.index(after: hyphen)...]
        }
        guard !rest.isEmpty else { return nil }
        var n = initialN
        var i = 0
        var bias = initialBias
        while !rest.isEmpty {
            let before = i
            var weight = 1
            var k = base
            while true {
                guard let byte = rest.popFirst(), let digit = digit(byte) else { return nil }
                // Neither comes near 2^63 before these guards stop it.
                i += digit * weight
                guard i <= 0x7FFF_FFFF else { return nil }
                let t = k <= bias ? tMin : k >= bias + tMax ? tMax : k - bias
                if digit < t { break }
                weight *= base - t
                guard weight <= 0x7FFF_FFFF else { return nil }
                k += base
            }
            let count = scalars.count + 1
            bias = adapt(i - before, count, isFirst: before == 0)
            n += i / count
            i %= count
            guard n <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(n)) else { return nil }
            scalars.insert(scalar, at: i)
            i += 1
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 97...122: Int(byte) - 97
        case 65...90: Int(byte) - 65
        case 48...57: Int(byte) - 48 + 26
        default: nil
        }
    }

    static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var k = 0
        while delta > ((base - tMin) * tMax) / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + skew)
    }
}
