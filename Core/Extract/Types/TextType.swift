/// What kind of text bytes are: charset by their form, kind by how they begin and by words that only one kind has.
enum TextType {
    /// Bytes that are looked at.
    private static let mostBytes = 65_536

    /// nil: no text.
    static func type(of bytes: UnsafeRawBufferPointer) -> String? {
        guard let charset = charset(of: bytes) else { return nil }
        return letters(UnsafeRawBufferPointer(rebasing: bytes.prefix(mostBytes)), charset).withUnsafeBytes { kind($0) }
    }

    // MARK: Charset

    static func charset(of whole: UnsafeRawBufferPointer) -> String? {
        let bytes = UnsafeRawBufferPointer(rebasing: whole.prefix(mostBytes))
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return "utf-8" }
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return "utf-32le" }
        if bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "utf-32be" }
        if bytes.starts(with: [0xFF, 0xFE]) { return "utf-16le" }
        if bytes.starts(with: [0xFE, 0xFF]) { return "utf-16be" }
        var has8Bit = false
        for byte in bytes {
            if byte >= 0x80 {
                has8Bit = true
            } else if byte < 32, !(7...13).contains(byte), byte != 27, byte != 26 {
                return sixteen(bytes)
            } else if byte == 127 {
                return nil
            }
        }
        guard has8Bit else { return "us-ascii" }
        if isUTF8(bytes, isWhole: bytes.count == whole.count) { return "utf-8" }
        // Short and full of what are control characters in all of ISO 8859: no text in one byte a letter. Shift_JIS is full of them too.
        let controls = bytes.reduce(0) { $0 + ((0x80...0x9F).contains($1) ? 1 : 0) }
        return bytes.count < 64 && controls * 3 > bytes.count ? nil : "unknown-8bit"
    }

    /// UTF-16 without a mark: every other byte of Latin text is zero.
    private static func sixteen(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 8, bytes.count % 2 == 0 else { return nil }
        var zeros = [0, 0]
        for (index, byte) in bytes.prefix(1024).enumerated() {
            if byte == 0 { zeros[index & 1] += 1 } else if byte < 9 || byte == 127 { return nil }
        }
        let half = min(bytes.count, 1024) / 2
        if zeros[1] * 10 > half * 9, zeros[0] == 0 { return "utf-16le" }
        return zeros[0] * 10 > half * 9 && zeros[1] == 0 ? "utf-16be" : nil
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> Bool {
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let length = byte < 0x80 ? 1 : byte < 0xC2 ? 0 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 0
            if length == 0 { return false }
            for next in 1..<max(length, 1) {
                if at + next >= bytes.count { return !isWhole }
                if bytes[at + next] & 0xC0 != 0x80 { return false }
            }
            at += length
        }
        return true
    }

    /// The text in bytes of ASCII, as far as it is ASCII; at most 16 KB of it.
    private static func letters(_ bytes: UnsafeRawBufferPointer, _ charset: String) -> [UInt8] {
        let width = charset.hasPrefix("utf-16") ? 2 : charset.hasPrefix("utf-32") ? 4 : 1
        if width == 1 {
            return Array((charset == "utf-8" && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]).prefix(16_384))
        }
        let low = charset.hasSuffix("le") ? 0 : width - 1
        return stride(from: 0, to: min(bytes.count, 16_384 * width) - width + 1, by: width).compactMap { at in
            let isASCII = (0..<width).allSatisfy { $0 == low || bytes[at + $0] == 0 }
            return isASCII ? bytes[at + low] : bytes[at] == 0xFF || bytes[at] == 0xFE ? nil : 0x80
        }
    }

    // MARK: Kind

    private static func kind(_ text: UnsafeRawBufferPointer) -> String {
        let start = text.firstIndex { $0 > 32 } ?? text.count
        let body = UnsafeRawBufferPointer(rebasing: text[start...])
        guard body.count >= 2 else { return "text/plain" }
        for (word, type) in starts where body.prefix(word.utf8CodeUnitCount).elementsEqualFolded(word) { return type }
        if body.prefix(2).elementsEqual("#!".utf8) { return interpreter(body) }
        if body[0] == UInt8(ascii: "<") { if let type = MarkupType.type(of: body) { return type } }
        if isMessage(body) { return "message/rfc822" }
        if body[0] == UInt8(ascii: "{") || body[0] == UInt8(ascii: "["), isJSON(body) { return "application/json" }
        return ScriptType.type(of: body) ?? MarkupType.looseType(of: body) ?? "text/plain"
    }

    private static let starts: [(StaticString, String)] = [
        ("-----begin pgp message-----", "application/pgp-encrypted"), ("-----begin pgp signature-----", "application/pgp-signature"),
        ("-----begin pgp public key block-----", "application/pgp-keys"), ("-----begin pgp private key block-----", "application/pgp-keys"),
        ("-----begin pkcs7-----", "application/pkcs7-mime"), ("-----begin cms-----", "application/pkcs7-mime"),
        ("-----begin certificate-----", "application/pem-certificate-chain"), ("begin:vcard", "text/vcard"),
        ("begin:vcalendar", "text/calendar"),
        ("{\\rt", "text/rtf"), ("<?php", "application/x-httpd-php"), ("@echo off", "text/x-msdos-batch"),
        ("@echo on", "text/x-msdos-batch"),
        ("windows registry editor version", "text/x-ms-regedit"), ("[internetshortcut]", "application/x-mswinurl"),
        ("[{000214a0-0000-0000-c000-000000000046}]", "application/x-mswinurl"), ("#@~^", "text/x-script-encoded"),
        ("%!ps", "application/postscript"), ("=ybegin ", "application/x-yenc"), ("begin 6", "text/x-uuencode"),
        ("begin 7", "text/x-uuencode"),
        ("begin 4", "text/x-uuencode"), ("(this file must be converted with binhex", "application/mac-binhex40"),
    ]

    private static func interpreter(_ body: UnsafeRawBufferPointer) -> String {
        let line = body.prefix(128).prefix { $0 != 10 && $0 != 13 }
        let names: [(StaticString, String)] = [
            ("python", "text/x-python"), ("perl", "text/x-perl"), ("ruby", "text/x-ruby"), ("php", "application/x-httpd-php"),
            ("node", "text/javascript"), ("pwsh", "text/x-powershell"), ("powershell", "text/x-powershell"),
            ("osascript", "text/x-applescript"),
            ("tclsh", "text/x-tcl"), ("awk", "text/x-awk"), ("lua", "text/x-lua"),
        ]
        return names.first { line.contains($0.0) }?.1 ?? "text/x-shellscript"
    }

    /// At least two fields of a header, one of them one that only mail has.
    private static func isMessage(_ body: UnsafeRawBufferPointer) -> Bool {
        var fields = 0
        var known = 0
        for line in body.prefix(4096).split(separator: 10, maxSplits: 20, omittingEmptySubsequences: false) {
            if line.first == 32 || line.first == 9 {
                if fields == 0 { return false }
                continue
            }
            if line.first == nil || line.first == 13 { break }
            let name = line.prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
            if fields == 0, line.starts(with: "From ".utf8) { continue }
            guard !name.isEmpty, name.endIndex < line.endIndex, line[name.endIndex] == UInt8(ascii: ":") else { return false }
            fields += 1
            if mailFields.contains(where: { name.elementsEqualFolded($0) }) { known += 1 }
        }
        return fields >= 2 && known >= 2
    }

    private static let mailFields: [StaticString] = [
        "received", "return-path", "delivered-to", "message-id", "from", "to", "subject", "date", "mime-version", "content-type", "cc",
        "reply-to", "dkim-signature", "authentication-results", "sender", "x-mailer",
    ]

    private static func isJSON(_ body: UnsafeRawBufferPointer) -> Bool {
        let second = body.dropFirst().first { $0 > 32 }
        if body[0] == UInt8(ascii: "{") { return second == UInt8(ascii: "\"") && body.contains(UInt8(ascii: ":")) }
        return second == UInt8(ascii: "{") || second == UInt8(ascii: "[")
            || second == UInt8(ascii: "\"") && body.contains(UInt8(ascii: ","))
    }
}
