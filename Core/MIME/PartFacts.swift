import Mail

/// What a part's header says of it, in all readings.
struct PartFacts {
    struct TypeReading {
        var media: MediaType
        var parameters: Parameters
        var boundaries: [[UInt8]]
    }

    /// One per Content-Type field that differs, the one that is taken first; never empty.
    private(set) var types: [TypeReading] = []
    private(set) var isDefaultType = false
    private(set) var encodings: TransferEncodings
    private(set) var charset = ""
    private(set) var disposition = ""
    private(set) var contentID = ""
    private(set) var names: FileNames
    private(set) var flags: PartFlags

    private static let maximumTypes = 4

    init(_ bytes: UnsafeRawBufferPointer, _ header: PartHeader, default standard: MediaType, limits: TreeLimits) {
        flags = header.flags
        var cut = false
        func texts(_ name: PartHeader.Name) -> [[UInt8]] {
            header.values(name).map { field in
                let text = HeaderText(bytes, field.value, most: limits.fieldBytes)
                cut = cut || text.isCut
                return text.bytes
            }
        }
        let typeTexts = Self.unique(texts(.contentType))
        encodings = TransferEncodings(texts(.transferEncoding))
        let dispositions = Self.unique(texts(.disposition))
        if typeTexts.count > 1 || dispositions.count > 1 { flags.insert(.duplicateField) }
        var typeFlags: PartFlags = []
        types = typeTexts.prefix(Self.maximumTypes).map { text in
            let parameters = Parameters(text)
            let found = parameters.readings(of: "boundary")
            if found.isDuplicate { typeFlags.insert(.duplicateParameter) }
            if found.isOdd { typeFlags.insert(.oddParameter) }
            let media = MediaType(head: parameters.head)
            if media.isBad { typeFlags.insert(.badType) }
            return TypeReading(media: media, parameters: parameters, boundaries: Self.boundaries(found.values))
        }
        flags.formUnion(typeFlags)
        isDefaultType = types.isEmpty
        if types.isEmpty { types = [TypeReading(media: standard, parameters: Parameters([]), boundaries: [])] }
        let charsets = types[0].parameters.readings(of: "charset")
        if charsets.isDuplicate { flags.insert(.duplicateParameter) }
        charset = charsets.values.first.map { $0.bytes.prefix(128).lowercased.text } ?? ""
        let dispositionParameters = dispositions.prefix(Self.maximumTypes).map { Parameters($0) }
        disposition =
            dispositionParameters.first.map { $0.head.lowercased.prefix { MediaType.isTokenByte($0) }.prefix(64).text } ?? ""
        contentID = texts(.contentID).first.map { $0.filter { $0 > 0x20 && $0 != 0x3C && $0 != 0x3E }.prefix(998).text } ?? ""
        names = FileNames(dispositions: dispositionParameters, types: types.map(\.parameters), most: limits.names)
        flags.formUnion(names.flags)
        flags.formUnion(encodings.flags)
        if cut { flags.insert(.limit) }
    }

    /// A value of a parameter of the type that is taken, lower case; empty: none.
    func parameter(_ name: StaticString) -> String {
        types[0].parameters.readings(of: name).values.first.map { $0.bytes.prefix(128).lowercased.text } ?? ""
    }

    /// Takes field `index` of those that differ for the type.
    mutating func take(type index: Int) { if types.indices.contains(index) { types.swapAt(0, index) } }

    private static func unique(_ values: [[UInt8]]) -> [[UInt8]] {
        values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Blanks at the end of a boundary line are no part of it, so they are none of the boundary.
    private static func boundaries(_ values: [ParameterReading]) -> [[UInt8]] {
        values.reduce(into: []) { found, value in
            var bytes = value.bytes
            if bytes.contains(0) { bytes = bytes.filter { $0 != 0 } }
            while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
            if !bytes.isEmpty, !found.contains(bytes) { found.append(bytes) }
        }
    }
}
