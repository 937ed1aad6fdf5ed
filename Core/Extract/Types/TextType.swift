/// What kind of text bytes are: charset by their form, kind by how they begin and by words that only one kind has.
enum TextType {
    /// Bytes that are looked at.
    private static let mostBytes = 65_536

    private enum Letters {
        /// One byte each, or several of UTF-8.
        case bytes
        /// Of UTF-16 or UTF-32: this many bytes each, the first or the last of which is ASCII.
        case wide(Int, isLittleEndian: Bool)
    }

    /// nil: no text.
    static func type(of whole: UnsafeRawBufferPointer) -> String? {
        let bytes = UnsafeRawBufferPointer(rebasing: whole.prefix(mostBytes))
        switch letters(of: bytes) {
        case nil: return nil
        case .bytes:
            return kind(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(bytes.starts(with: utf8Mark) ? 3 : 0).prefix(mostLetters)))
        case .wide(let width, let isLittleEndian):
            return narrowed(bytes, width, isLittleEndian).withUnsafeBytes { kind($0) }
        }
    }

    // MARK: Letters

    private static let utf8Mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// Of which the kind is told.
    private static let mostLetters = 16_384

    private static func letters(of bytes: UnsafeRawBufferPointer) -> Letters? {
        if let first = bytes.first, first == 0 || first >= 0xEF {
            if bytes.starts(with: utf8Mark) { return .bytes }
            if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return .wide(4, isLittleEndian: true) }
            if bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return .wide(4, isLittleEndian: false) }
            if bytes.starts(with: [0xFF, 0xFE]) { return .wide(2, isLittleEndian: true) }
            if bytes.starts(with: [0xFE, 0xFF]) { return .wide(2, isLittleEndian: false) }
        }
        if let control = bytes.firstControl { return bytes[control] == 127 ? nil : sixteen(bytes) }
        // Short and full of what are control characters in all of ISO 8859: no text in one byte a letter. Shift_JIS is full of them too.
        guard bytes.count < 64 else { return .bytes }
        let controls = bytes.reduce(0) { $0 + ((0x80...0x9F).contains($1) ? 1 : 0) }
        return controls * 3 > bytes.count && !isUTF8(bytes) ? nil : .bytes
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.withMemoryRebound(to: UInt8.self) { String(validating: $0, as: UTF8.self) != nil }
    }

    /// UTF-16 without a mark: every other byte of Latin text is zero.
    private static func sixteen(_ bytes: UnsafeRawBufferPointer) -> Letters? {
        guard bytes.count >= 8, bytes.count % 2 == 0 else { return nil }
        var zeros = [0, 0]
        for (index, byte) in bytes.prefix(1024).enumerated() {
            if byte == 0 { zeros[index & 1] += 1 } else if byte < 9 || byte == 127 { return nil }
        }
        let half = min(bytes.count, 1024) / 2
        if zeros[1] * 10 > half * 9, zeros[0] == 0 { return .wide(2, isLittleEndian: true) }
        return zeros[0] * 10 > half * 9 && zeros[1] == 0 ? .wide(2, isLittleEndian: false) : nil
    }

    /// The text in bytes of ASCII, as far as it is ASCII.
    private static func narrowed(_ bytes: UnsafeRawBufferPointer, _ width: Int, _ isLittleEndian: Bool) -> [UInt8] {
        let low = isLittleEndian ? 0 : width - 1
        return stride(from: 0, to: min(bytes.count, mostLetters * width) - width + 1, by: width).compactMap { at in
            let isASCII = (0..<width).allSatisfy { $0 == low || bytes[at + $0] == 0 }
            return isASCII ? bytes[at + low] : bytes[at] == 0xFF || bytes[at] == 0xFE ? nil : 0x80
        }
    }

    // MARK: Kind

    private static func kind(_ text: UnsafeRawBufferPointer) -> String {
        let start = text.firstIndex { $0 > 32 } ?? text.count
        let body = UnsafeRawBufferPointer(rebasing: text[start...])
        guard body.count >= 2 else { return "text/plain" }
        // What these begin with hardly any prose does.
        if startBytes.contains(body[0] | 0x20) {
            for (word, type) in starts where body.prefix(word.utf8CodeUnitCount).elementsEqualFolded(word) { return type }
        }
        if body.prefix(2).elementsEqual("#!".utf8) { return interpreter(body) }
        if body[0] == UInt8(ascii: "<") { if let type = MarkupType.type(of: body) { return type } }
        if isMessage(body) { return "message/rfc822" }
        if body[0] == UInt8(ascii: "{") || body[0] == UInt8(ascii: "["), isJSON(body) { return "application/json" }
        return ScriptType.type(of: body) ?? MarkupType.looseType(of: body) ?? "text/plain"
    }

    private static let startBytes = Set(starts.map { $0.0.utf8Start[0] | 0x20 })

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
        let head = UnsafeRawBufferPointer(rebasing: body.prefix(4096))
        var next = 0
        for _ in 0...20 {
            let start = next
            let end = head[start...].firstIndex(of: 10) ?? head.count
            let line = head[start..<end]
            next = end + 1
            if line.first == 32 || line.first == 9 {
                if fields == 0 { return false }
            } else if line.isEmpty || line.first == 13 {
                break
            } else if fields > 0 || !line.starts(with: "From ".utf8) {
                let name = line.prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
                guard !name.isEmpty, name.endIndex < end, head[name.endIndex] == UInt8(ascii: ":") else { return false }
                fields += 1
                if mailFields.contains(where: { name.elementsEqualFolded($0) }) { known += 1 }
            }
            if next >= head.count { break }
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
