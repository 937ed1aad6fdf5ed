/// DER that mail carries: PKCS #7 and certificates (RFC 5652, RFC 5280).
enum ASN1Type {
    static func type(of bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 24, bytes[0] == 0x30, let (length, start) = header(bytes, 0) else { return nil }
        // pkcs7-*: 1.2.840.113549.1.7.n
        if bytes[start] == 6, bytes[start + 1] == 9,
            bytes[(start + 2)..<(start + 10)].elementsEqual([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7])
        {
            switch bytes[start + 10] {
            case 2: return isDetached(bytes, start + 11) ? "application/pkcs7-signature" : "application/pkcs7-mime"
            case 3, 4, 5, 6: return "application/pkcs7-mime"
            default: return nil
            }
        }
        // AuthEnvelopedData and CompressedData: 1.2.840.113549.1.9.16.1.n
        if bytes[start] == 6, bytes[start + 1] == 11, bytes.count >= start + 13,
            bytes[(start + 2)..<(start + 12)].elementsEqual([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 1])
        {
            return "application/pkcs7-mime"
        }
        // A certificate: within it the signed part begins with a version, [0], or at once with a serial number.
        guard length.map({ $0 <= bytes.count - start }) ?? false, bytes[start] == 0x30, let (_, inner) = header(bytes, start),
            inner + 5 < bytes.count
        else { return nil }
        if bytes[inner..<inner + 4].elementsEqual([0xA0, 3, 2, 1]) { return "application/pkix-cert" }
        // PKCS #12: version 3, then pkcs7-data.
        return nil
    }

    /// The length (nil: indefinite) and where the content begins; at least 12 bytes of it are there.
    private static func header(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> (Int?, Int)? {
        guard at + 2 < bytes.count else { return nil }
        let first = bytes[at + 1]
        if first < 0x80 { return at + 14 <= bytes.count ? (Int(first), at + 2) : nil }
        let count = Int(first & 0x7F)
        guard count <= 4, at + 14 + count <= bytes.count else { return nil }
        if count == 0 { return (nil, at + 2) }
        return (bytes[(at + 2)..<(at + 2 + count)].reduce(0) { $0 << 8 | Int($1) }, at + 2 + count)
    }

    /// SignedData whose encapsulated content has no bytes: [0] SEQUENCE, version, digests, then data with an object identifier alone.
    private static func isDetached(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        var at = start
        guard at < bytes.count, bytes[at] == 0xA0, let (_, sequence) = header(bytes, at), bytes[sequence] == 0x30,
            let (_, version) = header(bytes, sequence), bytes[version] == 2
        else { return false }
        at = version + 2 + Int(bytes[version + 1] & 0x7F)
        guard at < bytes.count, bytes[at] == 0x31, let (digests, digestStart) = header(bytes, at), let digests else { return false }
        at = digestStart + digests
        guard at > 0, at < bytes.count, bytes[at] == 0x30, let (length, data) = header(bytes, at) else { return false }
        // An identifier of nine bytes and no more; of indefinite length, an end right behind it.
        return length == 11 || length == nil && data + 13 <= bytes.count && bytes[data + 11] == 0 && bytes[data + 12] == 0
    }
}
