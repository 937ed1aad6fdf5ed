import Extract

/// What bytes are by their content: always the same, a type as IANA writes one or nothing, and a charset that the bytes can be in.
enum TypesTarget {
    /// So many bytes of text are looked at.
    private static let textBytes = 65_536

    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let (type, charset) = bytes.withUnsafeBytes { (DetectedType.of($0), DetectedType.charset(of: $0)) }
        try expect(type.isEmpty || isType(type), "the type \(type.debugDescription)")
        try expect(DetectedType.of(bytes) == type, "\(type) is another the second time")
        try expect(!bytes.isEmpty || type.isEmpty, "nothing is \(type)")
        for other in ["application/octet-stream", "", type] {
            try expect(!DetectedType.differs(type, fromDeclared: other), "\(type) is taken for another kind than \(other.debugDescription)")
        }
        try expect(!DetectedType.differs("", fromDeclared: "image/png"), "what is unknown is taken for another kind")
        if let charset { try check(charset, bytes) }
        // A type by its text has a charset.
        if type == "text/plain" || type == "message/rfc822" { try expect(charset != nil, "\(type) without a charset") }
    }

    private static func check(_ charset: String, _ bytes: [UInt8]) throws(Finding) {
        switch charset {
        case "us-ascii": try expect(bytes.prefix(textBytes).allSatisfy { (1..<0x7F).contains($0) }, "us-ascii that is none")
        case "utf-8":
            let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
            try expect(isMarked || bytes.count > textBytes || String(validating: bytes, as: UTF8.self) != nil, "utf-8 that is none")
        case "unknown-8bit": try expect(bytes.contains { $0 >= 0x80 }, "8 bits in none of them")
        case "utf-16le", "utf-16be", "utf-32le", "utf-32be": try expect(bytes.count >= 2, "\(charset) of \(bytes.count) bytes")
        default: throw Finding("the charset \(charset.debugDescription)")
        }
    }

    /// RFC 6838 section 4.2, in lower case.
    static func isType(_ text: String) -> Bool {
        let names = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return names.count == 2
            && names.allSatisfy { name in
                !name.isEmpty && name.count <= 127
                    && name.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || "!#$&-^_.+".utf8.contains($0) }
            }
    }
}
