/// HZ (RFC 1843): Chinese in seven bits, between `~{` and `~}`. glibc has no table for it; without its marks it is EUC-CN.
enum HZDecoder {
    static func decode(_ bytes: UnsafeRawBufferPointer, _ out: inout UTF8Writer, _ sink: (UnsafeRawBufferPointer) -> Bool) {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var isChinese = false
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            switch (byte, next) {
            case (0x7E, 0x7B) where !isChinese, (0x7E, 0x7D) where isChinese:
                isChinese.toggle()
                at += 2
            case (0x7E, 0x7E) where !isChinese:
                plain.append(0x7E)
                at += 2
            case (0x7E, 0x0A) where !isChinese: at += 2
            case (0x7E, 0x0D) where !isChinese && at + 2 < bytes.count && bytes[at + 2] == 0x0A: at += 3
            case (0x21...0x7D, 0x21...0x7E) where isChinese:
                plain.append(byte | 0x80)
                plain.append(next | 0x80)
                at += 2
            default:
                // A line's end ends Chinese, as readers have it.
                if byte == 0x0A { isChinese = false }
                if byte == 0x7E || byte >= 0x80 || isChinese && byte > 0x20 { out.isBad = true }
                plain.append(byte)
                at += 1
            }
        }
        plain.withUnsafeBytes { SystemCharset.decode($0, "GB18030", &out, sink) }
    }
}
