import Mail

/// Header text with encoded words (RFC 2047) as mail programs read it: words without blanks around them, split in the middle of a character, with
/// blanks or without end inside; 8-bit bytes as UTF-8, else Western.
public enum EncodedWords {
    /// More of a field's text is not decoded.
    public static let most = 64 << 10

    /// The text of an unfolded value, in UTF-8, and `.badEncodedWord`, `.badCharset`, `.rawHeaderBytes` where they apply.
    public static func decode(_ value: some Collection<UInt8>) -> (text: String, flags: PartFlags) {
        let bytes = Array(value.prefix(most))
        var flags: PartFlags = []
        if bytes.offset(of: [0x3D, 0x3F], from: 0) == nil {
            let text = plain(bytes, &flags)
            return (text, flags)
        }
        var out = ""
        /// Words of one charset that touch each other are one run of bytes: a character may be split between them.
        var run: (charset: [UInt8], bytes: [UInt8])?
        func endRun() {
            guard let (charset, bytes) = run else { return }
            run = nil
            guard let known = Charset(label: charset) else {
                flags.insert(.badCharset)
                out += plain(bytes, &flags)
                return
            }
            let (text, isBad) = known.text(bytes)
            if isBad { flags.insert(.badCharset) }
            out += text
        }
        // Behind it no word is closed, and none is looked for again and again.
        let lastClose = bytes.indices.dropLast().last { bytes[$0] == 0x3F && bytes[$0 + 1] == 0x3D } ?? -1
        var at = 0
        var literal = 0
        func endLiteral(_ end: Int, beforeWord: Bool) {
            let text = bytes[literal..<end]
            // Blanks between two words are none of the text.
            if beforeWord, run != nil, text.allSatisfy({ $0 <= 0x20 }) { return }
            endRun()
            out += plain(Array(text), &flags)
        }
        while at + 1 < bytes.count {
            guard bytes[at] == 0x3D, bytes[at + 1] == 0x3F else {
                at += 1
                continue
            }
            guard let word = Word(bytes, at, lastClose: lastClose) else {
                at += 2
                continue
            }
            if word.isOdd { flags.insert(.badEncodedWord) }
            if at > 0, bytes[at - 1] > 0x20, bytes[at - 1] != 0x28, bytes[at - 1] != 0x22, literal < at { flags.insert(.badEncodedWord) }
            endLiteral(at, beforeWord: true)
            if run?.charset != word.charset {
                endRun()
                run = (word.charset, [])
            }
            run?.bytes += word.bytes
            at = word.end
            literal = at
        }
        endLiteral(bytes.count, beforeWord: false)
        endRun()
        return (out, flags)
    }

    /// Text that is no encoded word.
    private static func plain(_ bytes: [UInt8], _ flags: inout PartFlags) -> String {
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes.text }
        if bytes.withUnsafeBytes({ isUTF8($0, 0..<$0.count) }) { return bytes.text }
        flags.insert(.rawHeaderBytes)
        return Charset.western.text(bytes).0
    }

    private struct Word {
        var charset: [UInt8]
        var bytes: [UInt8]
        var end: Int
        var isOdd = false

        /// `=?charset*language?encoding?text?=` at `start`; nil: no word.
        init?(_ text: [UInt8], _ start: Int, lastClose: Int) {
            var at = start + 2
            let nameStart = at
            while at < text.count, at - nameStart <= 64, text[at] > 0x20, text[at] < 0x7F, text[at] != 0x3F { at += 1 }
            guard at + 2 < text.count, text[at] == 0x3F, at > nameStart, text[at + 2] == 0x3F else { return nil }
            charset = text[nameStart..<at].prefix { $0 != 0x2A }.lowercased
            let isBase64 = text[at + 1] | 0x20 == 0x62
            guard isBase64 || text[at + 1] | 0x20 == 0x71 else { return nil }
            let first = at + 3
            at = first
            // To the first `?=`. A `=` may follow a `?` of the text in Q: then more must follow.
            while at < lastClose, !(text[at] == 0x3F && text[at + 1] == 0x3D) { at += 1 }
            let isClosed = at <= lastClose
            if isClosed, !isBase64, at == first, let more = Self.close(text, at + 1) { at = more }
            if !isClosed {
                // Without its end it goes as far as its text may.
                at = text[first...].firstIndex { $0 <= 0x20 || $0 == 0x3F } ?? text.count
                isOdd = true
            }
            let body = text[first..<at]
            end = isClosed ? at + 2 : at < text.count && text[at] == 0x3F ? at + 1 : at
            if body.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) || end - start > 255 { isOdd = true }
            if isBase64 {
                let decoded = Array(body).withUnsafeBytes { TransferDecoder.base64(.groups).decoded($0) }
                bytes = decoded.bytes
                if !decoded.flags.isEmpty { isOdd = true }
            } else {
                bytes = Self.quoted(body, &isOdd)
            }
        }

        /// `=?x?Q??=41?=`: text that begins with what looks like the end.
        private static func close(_ text: [UInt8], _ start: Int) -> Int? {
            guard start + 2 < text.count, hexValue(text[start + 1]) != nil, hexValue(text[start + 2]) != nil else { return nil }
            var at = start
            while at + 1 < text.count, text[at] > 0x20 {
                if text[at] == 0x3F, text[at + 1] == 0x3D { return at }
                at += 1
            }
            return nil
        }

        private static func quoted(_ body: ArraySlice<UInt8>, _ isOdd: inout Bool) -> [UInt8] {
            var out: [UInt8] = []
            var at = body.startIndex
            while at < body.endIndex {
                let byte = body[at]
                if byte == 0x5F {
                    out.append(0x20)
                } else if byte == 0x3D {
                    if at + 2 < body.endIndex, let high = hexValue(body[at + 1]), let low = hexValue(body[at + 2]) {
                        out.append(high << 4 | low)
                        at += 3
                        continue
                    }
                    isOdd = true
                    out.append(byte)
                } else {
                    out.append(byte)
                }
                at += 1
            }
            return out
        }
    }
}
