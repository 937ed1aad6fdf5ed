/// Finds the SubjectPublicKeyInfo of a certificate in DER (RFC 5280 section 4.1), whatever its algorithm: what TLSA records with selector 1 are
/// about (RFC 6698 section 2.1.2).
enum CertificateKey {
    private enum Tag {
        static let integer: UInt8 = 0x02
        static let sequence: UInt8 = 0x30
        /// [0], constructed: the version.
        static let version: UInt8 = 0xA0
    }

    /// With its own tag and length. nil: this is no certificate.
    static func info(in certificate: [UInt8]) -> [UInt8]? {
        guard let outer = element(certificate, certificate.indices, Tag.sequence),
            let signed = element(certificate, outer.content, Tag.sequence)
        else { return nil }
        var rest = signed.content
        if let version = element(certificate, rest, Tag.version) { rest = version.whole.upperBound..<rest.upperBound }
        // Serial number, signature's algorithm, issuer, validity, subject.
        for tag in [Tag.integer, Tag.sequence, Tag.sequence, Tag.sequence, Tag.sequence] {
            guard let passed = element(certificate, rest, tag) else { return nil }
            rest = passed.whole.upperBound..<rest.upperBound
        }
        return element(certificate, rest, Tag.sequence).map { Array(certificate[$0.whole]) }
    }

    /// The element at the start of `range`, if it is of this tag and lies within.
    private static func element(_ bytes: [UInt8], _ range: Range<Int>, _ tag: UInt8) -> (whole: Range<Int>, content: Range<Int>)? {
        guard range.count >= 2, bytes[range.lowerBound] == tag else { return nil }
        var at = range.lowerBound + 2
        var length = Int(bytes[range.lowerBound + 1])
        if length >= 0x80 {
            let count = length - 0x80
            guard (1...4).contains(count), count <= range.upperBound - at else { return nil }
            length = bytes[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
            at += count
        }
        guard length <= range.upperBound - at else { return nil }
        return (range.lowerBound..<at + length, at..<at + length)
    }
}
