import Mail

/// A Content-Type (RFC 2045 section 5) as one reader takes it.
struct MediaType: Hashable {
    var type: String
    var subtype: String
    /// It could not be read, and is the default.
    var isBad = false

    var name: String { "\(type)/\(subtype)" }
    var isMultipart: Bool { type == "multipart" }

    static let plain = MediaType(type: "text", subtype: "plain")

    init(type: String, subtype: String, isBad: Bool = false) {
        self.type = type
        self.subtype = subtype
        self.isBad = isBad
    }

    /// `head`: what stands before the parameters, without comments.
    init(head: [UInt8]) {
        var text = head.filter { $0 > 0x20 }.lowercased
        var isOdd = false
        while let first = text.first, !Self.isTokenByte(first) {
            text.removeFirst()
            isOdd = true
        }
        let sides = text.split(separator: 0x2F, maxSplits: 1, omittingEmptySubsequences: false)
        let type = sides.first.map(Self.token) ?? []
        let subtype = sides.count > 1 ? Self.token(sides[1]) : []
        guard !type.isEmpty, type.count == sides[0].count, sides.count > 1 else {
            self = MediaType(type: "text", subtype: "plain", isBad: true)
            return
        }
        self.type = type.text
        self.subtype = subtype.text
        isBad = isOdd || subtype.count != sides[1].count || subtype.isEmpty
        // Readers that look at the type alone.
        if subtype.isEmpty { self.subtype = self.type == "multipart" ? "mixed" : self.type == "text" ? "plain" : "octet-stream" }
    }

    /// Whether its body is a message of its own (RFC 2046 section 5.2, RFC 6532 section 3.7).
    var isMessage: Bool { Self.isMessage(name) }

    static func isMessage(_ name: String) -> Bool {
        ["message/rfc822", "message/global", "message/news", "message/rfc2822"].contains(name)
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
