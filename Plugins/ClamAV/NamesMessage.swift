/// A message of nothing but attachments of one byte, a name each. libclamav asks signatures of names (`.cdb`) only about files that it
/// finds inside something: by this it is asked about every name that a reader could give to a part, and looks at no part's bytes again.
/// Pure.
struct NamesMessage {
    let bytes: [UInt8]

    /// What is looked at of one message; the rest is told.
    static let most = 1000
    /// Attachments of one of these. libclamav has its own bound for parts of a message.
    static let mostTogether = 100
    /// Bytes. Of a longer one the beginning and the end are kept: written down each takes three, and libclamav reads a thousand of a line.
    private static let longest = 300

    /// - Parameter together: names in one of these at most, at least 1.
    static func all(of names: [String], together: Int) -> [NamesMessage] {
        stride(from: 0, to: names.count, by: together).map { NamesMessage(names[$0..<min($0 + together, names.count)]) }
    }

    private init(_ names: ArraySlice<String>) {
        var text = "Received: by localhost\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=next\r\n\r\n"
        for name in names {
            text += "--next\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            text += "Content-Disposition: attachment; filename*=utf-8''\(Self.encoded(name))\r\n\r\nAA==\r\n"
        }
        bytes = Array((text + "--next--\r\n").utf8)
    }

    /// RFC 2231 section 4: whatever is in it, it stays one parameter.
    private static func encoded(_ name: String) -> String {
        var name = Array(name.utf8)
        if name.count > longest { name = name.prefix(longest / 2) + name.suffix(longest / 2) }
        var out = ""
        for byte in name {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E: out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }
}
