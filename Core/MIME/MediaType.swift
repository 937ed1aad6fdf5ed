import Mail

/// A Content-Type (RFC 2045 section 5) as one reader takes it.
struct MediaType: Hashable {
    /// Lower case, `type/subtype`.
    let name: String
    let isMultipart: Bool
    /// Its body is a message of its own (RFC 2046 section 5.2, RFC 6532 section 3.7).
    let isMessage: Bool
    /// It could not be read, and is the default.
    var isBad = false

    static let plain = MediaType(name: "text/plain")
    static let message = MediaType(name: "message/rfc822")

    private init(name: String, isBad: Bool = false) {
        self.name = name
        self.isBad = isBad
        isMultipart = name.hasPrefix("multipart/")
        isMessage = Self.isMessage(name)
    }

    /// `head`: what stands before the parameters, without comments.
    init(head: [UInt8]) {
        if let type = MediaType(clean: head) {
            self = type
            return
        }
        let whole = head.filter { $0 > 0x20 }.lowercased
        let text = whole.drop { !Self.isTokenByte($0) }
        let sides = text.split(separator: 0x2F, maxSplits: 1, omittingEmptySubsequences: false)
        let type = sides.first.map(Self.token) ?? []
        var subtype = sides.count > 1 ? Self.token(sides[1]) : []
        guard !type.isEmpty, type.count == sides[0].count, sides.count > 1 else {
            self = MediaType(name: "text/plain", isBad: true)
            return
        }
        let isBad = text.count < whole.count || subtype.count != sides[1].count || subtype.isEmpty
        if subtype.isEmpty {
            // Readers that look at the type alone.
            let standard: StaticString =
                type.elementsEqual("multipart".utf8) ? "mixed" : type.elementsEqual("text".utf8) ? "plain" : "octet-stream"
            subtype = standard.withUTF8Buffer { Array($0) }
        }
        self = MediaType(name: (type + [0x2F] + subtype).text, isBad: isBad)
    }

    /// As almost all are: two tokens and a slash, nothing else.
    private init?(clean head: [UInt8]) {
        guard head.count <= 128, let slash = head.firstIndex(of: 0x2F), slash > 0, slash < head.count - 1 else { return nil }
        for i in head.indices where i != slash { if !Self.isTokenByte(head[i]) { return nil } }
        self = MediaType(name: String(lowercase: head[...]))
    }

    static func isMessage(_ name: String) -> Bool {
        guard name.hasPrefix("message/") else { return false }
        return switch name {
        case "message/rfc822", "message/global", "message/news", "message/rfc2822": true
        default: false
        }
    }

    private static func token(_ text: some Sequence<UInt8>) -> [UInt8] { text.prefix { isTokenByte($0) }.prefix(127).map { $0 } }

    /// RFC 2045 section 5.1.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte < 0x7F else { return false }
        switch byte {
        case 0x28, 0x29, 0x3C, 0x3E, 0x40, 0x2C, 0x3B, 0x3A, 0x5C, 0x22, 0x2F, 0x5B, 0x5D, 0x3F, 0x3D: return false
        default: return true
        }
    }
}
