extension Punycode {
    /// `bücher.example` -> `xn--bcher-kva.example`, ASCII letters in lower case (RFC 3492, RFC 5890 section 2.3.2.1). The labels are taken as
    /// they are: who accepts a name sees to its normal form. nil when a label or the whole is too long for the DNS.
    public static func asciiName(of domain: String) -> String? {
        guard domain.utf8.count <= 1024 else { return nil }
        var labels: [String] = []
        for label in domain.lowercased().split(separator: ".", omittingEmptySubsequences: false) {
            guard label.utf8.contains(where: { $0 >= 0x80 }) else {
                labels.append(String(label))
                continue
            }
            guard let text = encode(label.unicodeScalars), text.utf8.count <= 59 else { return nil }
            labels.append("xn--" + text)
        }
        let name = labels.joined(separator: ".")
        return name.utf8.count <= 253 && labels.allSatisfy { $0.utf8.count <= 63 } ? name : nil
    }

    /// One label without its prefix: `bücher` -> `bcher-kva` (RFC 3492 section 6.3). nil: longer than a label can be.
    public static func encode(_ label: some Collection<Unicode.Scalar>) -> String? {
        let points = label.map { Int($0.value) }
        guard points.count <= 63 else { return nil }
        var out = label.filter(\.isASCII).map { UInt8($0.value) }
        let basic = out.count
        var handled = basic
        if basic > 0 { out.append(UInt8(ascii: "-")) }
        var n = initialN
        var delta = 0
        var bias = initialBias
        while handled < points.count {
            // At most 63 points of 21 bits: nothing here comes near an overflow.
            let next = points.filter { $0 >= n }.min()!
            delta += (next - n) * (handled + 1)
            n = next
            for point in points {
                if point < n { delta += 1 }
                guard point == n else { continue }
                var q = delta
                var k = base
                while true {
                    let t = k <= bias ? tMin : k >= bias + tMax ? tMax : k - bias
                    if q < t { break }
                    out.append(letter(t + (q - t) % (base - t)))
                    q = (q - t) / (base - t)
                    k += base
                }
                out.append(letter(q))
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func letter(_ digit: Int) -> UInt8 { UInt8(digit < 26 ? 97 + digit : 22 + digit) }
}
