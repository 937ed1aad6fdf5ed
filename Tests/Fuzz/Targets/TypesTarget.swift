import Extract

/// What bytes are by their content: always the same, and a type as IANA writes one or nothing.
enum TypesTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let type = bytes.withUnsafeBytes { DetectedType.of($0) }
        try expect(type.isEmpty || isType(type), "the type \(type.debugDescription)")
        try expect(DetectedType.of(bytes) == type, "\(type) is another the second time")
        try expect(!bytes.isEmpty || type.isEmpty, "nothing is \(type)")
        for other in ["application/octet-stream", "", type] {
            try expect(!DetectedType.differs(type, fromDeclared: other), "\(type) is taken for another kind than \(other.debugDescription)")
        }
        try expect(!DetectedType.differs("", fromDeclared: "image/png"), "what is unknown is taken for another kind")
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
