import Mail

/// The last part of a DSN: the message that it is about, or its header (RFC 6522 section 4, RFC 6533 section 5).
struct ReturnedContent {
    /// `message/rfc822`
    let type: String
    let encoding: String
    let bytes: [UInt8]
    let isWhole: Bool

    /// Of a message, at most so many bytes come back: a DSN must stay small.
    static let most = 64 << 10
    /// RFC 5322 section 2.1.1.
    private static let longestLine = 998

    /// - Parameters:
    ///   - isWhole: wanted; given only for a message of at most `most` bytes that can be sent as it is.
    ///   - is8BitMIME: the message came as such, so its sender's server takes it.
    init(_ message: UnsafeRawBufferPointer, isWhole: Bool, is8BitMIME: Bool, allowsUTF8: Bool) {
        let content = message.count <= Self.most ? Content(message) : nil
        if isWhole, let content, content.isSendable, !content.is8Bit || is8BitMIME || allowsUTF8 {
            type = allowsUTF8 ? "message/global" : "message/rfc822"
            encoding = content.is8Bit ? "8bit" : "7bit"
            bytes = Array(message)
            self.isWhole = true
            return
        }
        self.isWhole = false
        let header = Self.header(of: message)
        let headerContent = header.withUnsafeBytes { Content($0) }
        let isUTF8 = allowsUTF8 && String(validating: header, as: UTF8.self) != nil
        type = isUTF8 ? "message/global-headers" : "text/rfc822-headers"
        if headerContent.isSendable, !headerContent.is8Bit || isUTF8 {
            encoding = headerContent.is8Bit ? "8bit" : "7bit"
            bytes = header
        } else {
            // RFC 6522 section 4: for headers that are broken.
            encoding = "quoted-printable"
            bytes = Self.quotedPrintable(header)
        }
    }

    var is8Bit: Bool { encoding == "8bit" }

    /// What stands in some bytes.
    private struct Content {
        var is8Bit = false
        /// No control character, and no line longer than SMTP takes.
        var isSendable = true

        init(_ bytes: UnsafeRawBufferPointer) {
            var column = 0
            var last: UInt8 = 0x0A
            for byte in bytes {
                if byte >= 0x80 { is8Bit = true }
                if byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F { isSendable = false }
                if last == 0x0D, byte != 0x0A { isSendable = false }
                if byte == 0x0A {
                    if last != 0x0D { isSendable = false }
                    column = 0
                } else {
                    column += 1
                    if column > ReturnedContent.longestLine + 1 { isSendable = false }
                }
                last = byte
            }
            if last == 0x0D { isSendable = false }
        }
    }

    /// Up to the first empty line; of a longer one the whole fields that fit.
    private static func header(of message: UnsafeRawBufferPointer) -> [UInt8] {
        var at = 0
        var fieldStart = 0
        while at < message.count {
            if message[at] == 0x0A || (message[at] == 0x0D && at + 1 < message.count && message[at + 1] == 0x0A) {
                return Array(message[..<at])
            }
            if message[at] != 0x20, message[at] != 0x09 { fieldStart = at }
            while at < message.count, message[at] != 0x0A, at < most { at += 1 }
            at += 1
            if at > most { return Array(message[..<fieldStart]) }
        }
        return Array(message)
    }

    /// RFC 2045 section 6.7. Line ends stay, everything that is not plain is encoded.
    static func quotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count * 2)
        var column = 0
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == 0x0D, at + 1 < bytes.count, bytes[at + 1] == 0x0A {
                out += [0x0D, 0x0A]
                column = 0
                at += 2
                continue
            }
            let endsLine = at + 1 == bytes.count || bytes[at + 1] == 0x0D
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || (byte == 0x20 || byte == 0x09) && !endsLine
            if column + (isPlain ? 1 : 3) > 75 {
                out += [UInt8(ascii: "="), 0x0D, 0x0A]
                column = 0
            }
            if isPlain { out.append(byte) } else { out += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
            column += isPlain ? 1 : 3
            at += 1
        }
        return out
    }
}
