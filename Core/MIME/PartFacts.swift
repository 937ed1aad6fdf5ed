import Mail

/// What a part's header says of it, in all readings. Never changed once it is made, and shared by all that are made of it.
final class PartFacts: Sendable {
    struct TypeReading {
        var media: MediaType
        var parameters = Parameters([])
        var boundaries: [[UInt8]] = []
    }

    let header: PartHeader
    /// The Content-Type that is taken, and those of further fields that differ.
    let type: TypeReading
    let otherTypes: [TypeReading]
    let isDefaultType: Bool
    let encodings: TransferEncodings
    let charset: String
    let disposition: String
    let contentID: String
    let names: [String]
    let flags: PartFlags

    private static let maximumTypes = 4

    init(_ bytes: UnsafeRawBufferPointer, _ header: PartHeader, default standard: MediaType, limits: TreeLimits) {
        var flags = header.flags
        func texts(_ name: PartHeader.Name, _ flags: inout PartFlags) -> [[UInt8]] {
            var found: [[UInt8]] = []
            header.forEach(name) { value in
                let text = HeaderText(bytes, value, most: limits.fieldBytes)
                if text.isCut { flags.insert(.limit) }
                found.append(text.bytes)
            }
            return found
        }
        let typeTexts = Self.unique(texts(.contentType, &flags))
        let dispositions = Self.unique(texts(.disposition, &flags))
        if typeTexts.count > 1 || dispositions.count > 1 { flags.insert(.duplicateField) }
        var types: [TypeReading] = []
        for text in typeTexts.prefix(Self.maximumTypes) { types.append(Self.type(text, &flags)) }
        isDefaultType = types.isEmpty
        type = types.first ?? TypeReading(media: standard)
        otherTypes = Array(types.dropFirst())
        charset = Self.charset(of: type, &flags)
        encodings = TransferEncodings(texts(.transferEncoding, &flags))
        var dispositionParameters: [Parameters] = []
        for text in dispositions.prefix(Self.maximumTypes) { dispositionParameters.append(Parameters(text)) }
        disposition = dispositionParameters.first.map { String(lowercase: $0.head.prefix { MediaType.isTokenByte($0) }.prefix(64)) } ?? ""
        contentID = texts(.contentID, &flags).first.map { $0.filter { $0 > 0x20 && $0 != 0x3C && $0 != 0x3E }.prefix(998).text } ?? ""
        let names = FileNames(dispositions: dispositionParameters, types: types, most: limits.names)
        self.names = names.values
        flags.formUnion(names.flags)
        flags.formUnion(encodings.flags)
        self.flags = flags
        self.header = Self.header(header, type.media)
    }

    /// The same with another of the types taken.
    private init(_ facts: PartFacts, type index: Int) {
        type = facts.otherTypes[index]
        var types = facts.otherTypes
        types[index] = facts.type
        otherTypes = types
        isDefaultType = facts.isDefaultType
        encodings = facts.encodings
        charset = facts.charset
        disposition = facts.disposition
        contentID = facts.contentID
        names = facts.names
        flags = facts.flags
        header = Self.header(facts.header, type.media)
    }

    /// Of all types, the one that is taken first.
    var boundaries: [[UInt8]] { otherTypes.isEmpty ? type.boundaries : type.boundaries + otherTypes.flatMap(\.boundaries) }

    /// With type `index` taken: 0 the one that is, then the others.
    func taking(type index: Int) -> PartFacts { index > 0 && index <= otherTypes.count ? PartFacts(self, type: index - 1) : self }

    /// A value of a parameter of the type that is taken, lower case; empty: none.
    func parameter(_ name: StaticString) -> String {
        type.parameters.readings(of: name).values.first.map { String(lowercase: $0.bytes.prefix(128)) } ?? ""
    }

    /// Fields of MIME below the empty line are those of a message, if it is one.
    private static func header(_ header: PartHeader, _ media: MediaType) -> PartHeader {
        guard header.hasFieldsBelow, !media.name.hasPrefix("message/"), media.name != "text/rfc822-headers" else { return header }
        var header = header
        header.other(.pastEmpty)
        return header
    }

    private static func type(_ text: [UInt8], _ flags: inout PartFlags) -> TypeReading {
        let parameters = Parameters(text)
        let found = parameters.readings(of: "boundary")
        if found.isDuplicate { flags.insert(.duplicateParameter) }
        if found.isOdd { flags.insert(.oddParameter) }
        let media = MediaType(head: parameters.head)
        if media.isBad { flags.insert(.badType) }
        return TypeReading(media: media, parameters: parameters, boundaries: boundaries(found.values))
    }

    private static func charset(of type: TypeReading, _ flags: inout PartFlags) -> String {
        let found = type.parameters.readings(of: "charset")
        if found.isDuplicate { flags.insert(.duplicateParameter) }
        return found.values.first.map { String(lowercase: $0.bytes.prefix(128)) } ?? ""
    }

    private static func unique(_ values: [[UInt8]]) -> [[UInt8]] {
        values.count < 2 ? values : values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
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
