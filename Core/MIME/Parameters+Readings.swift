import func Glibc.memcmp

/// One parameter's value as some reader takes it.
struct ParameterReading: Hashable {
    var bytes: [UInt8]
    /// RFC 2231 section 4: the charset that it names; empty: none.
    var charset: [UInt8] = []
}

/// All that readers make of one parameter.
struct ParameterReadings {
    /// The likeliest first.
    var values: [ParameterReading] = []
    /// It is there twice, with different values.
    var isDuplicate = false
    /// It is written so that readers differ.
    var isOdd = false

    /// More readings than these no reader has.
    static let most = 24

    mutating func add(_ value: ParameterReading) {
        if values.count < Self.most, !value.bytes.isEmpty, !values.contains(value) { values.append(value) }
    }
}

extension Parameters {
    /// `name` is in lower case.
    func readings(of name: StaticString) -> ParameterReadings {
        name.withUTF8Buffer { name in
            var found = ParameterReadings()
            let like = items.filter { $0.name.begins(with: name) }
            // A value that holds a `=` may hold this parameter for those who mind no quotes.
            let mayHide = isOdd || hasEqualsInValue
            let mentions = mayHide ? self.mentions(of: name) : []
            if like.isEmpty, mentions.isEmpty { return found }
            if !mayHide, like.count == 1, like[0].name.count == name.count {
                // As almost all are.
                found.add(ParameterReading(bytes: like[0].value))
                return found
            }
            let plain = like.filter { $0.name.count == name.count }
            let segments = like.compactMap { Segment($0, of: name) }
            // A piece with a number that is none of RFC 2231's.
            let starred = like.count { $0.name.count > name.count && $0.name[name.count] == 0x2A }
            if segments.count < starred { found.isOdd = true }
            for value in extended(segments, &found) { found.add(value) }
            for item in plain { found.add(ParameterReading(bytes: item.value)) }
            if plain.dropFirst().contains(where: { $0.value != plain[0].value }) { found.isDuplicate = true }
            // A plain one beside an extended one is common; what follows from it is judged by what they hold.
            guard mayHide else { return found }
            if mentions.count > plain.count || plain.contains(where: \.isOdd) || isOdd && mentions.count + plain.count > 0 {
                found.isOdd = true
                for value in naive(mentions) { found.add(value) }
            }
            return found
        }
    }

    /// A piece of a value: `name*`, `name*1`, `name*1*` (RFC 2231 sections 3 and 4).
    private struct Segment {
        var index: Int
        var isNumbered: Bool
        var isEncoded: Bool
        var value: [UInt8]

        /// nil: another parameter's, which only begins in the same way.
        init?(_ item: Item, of name: UnsafeBufferPointer<UInt8>) {
            guard item.name.count > name.count, item.name[name.count] == 0x2A else { return nil }
            var rest = item.name[(name.count + 1)...]
            isEncoded = rest.isEmpty
            if rest.last == 0x2A {
                isEncoded = true
                rest.removeLast()
            }
            isNumbered = !rest.isEmpty
            guard let number = isNumbered ? Int(Array(rest).text) : 0, number >= 0, number < 10_000 else { return nil }
            index = number
            value = item.value
        }
    }

    private func extended(_ segments: [Segment], _ found: inout ParameterReadings) -> [ParameterReading] {
        if segments.isEmpty { return [] }
        var values: [ParameterReading] = []
        for whole in segments where !whole.isNumbered { values.append(contentsOf: join([whole])) }
        let pieces = segments.filter(\.isNumbered)
        if values.count > 1 || (!values.isEmpty && !pieces.isEmpty) { found.isDuplicate = true }
        guard !pieces.isEmpty else { return values }
        let sorted = pieces.enumerated().sorted { ($0.element.index, $0.offset) < ($1.element.index, $1.offset) }.map(\.element)
        let first = unique(sorted)
        values += join(first)
        if first.count < pieces.count {
            found.isDuplicate = true
            values += join(unique(sorted.reversed()).reversed())
        }
        if first.enumerated().contains(where: { $0.offset != $0.element.index }) { found.isOdd = true }
        if pieces.map(\.index) != sorted.map(\.index) {
            // Some readers take the pieces as they come.
            found.isOdd = true
            values += join(pieces)
        }
        return values
    }

    private func unique(_ pieces: some Sequence<Segment>) -> [Segment] {
        var seen: Set<Int> = []
        return pieces.filter { seen.insert($0.index).inserted }
    }

    /// With the charset and language of the first piece taken off where it is encoded; other ways of reading it behind that.
    private func join(_ pieces: [Segment]) -> [ParameterReading] {
        var charset: [UInt8] = []
        var bytes: [UInt8] = []
        var raw: [UInt8] = []
        for (i, piece) in pieces.enumerated() {
            var value = piece.value[...]
            raw += value
            if i == 0 || piece.isEncoded, let (name, rest) = Self.charset(of: value), i == 0 ? true : charset.isEmpty {
                charset = name
                value = rest
            }
            bytes += piece.isEncoded ? Self.percentDecoded(value) : Array(value)
        }
        var readings = [ParameterReading(bytes: bytes, charset: charset)]
        let decoded = Self.percentDecoded(bytes[...])
        if decoded != bytes, !pieces.allSatisfy(\.isEncoded) { readings.append(ParameterReading(bytes: decoded, charset: charset)) }
        if pieces.contains(where: { !$0.isEncoded }) { readings.append(ParameterReading(bytes: raw)) }
        return readings
    }

    /// `charset'language'`, in front of a value.
    private static func charset(of value: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>)? {
        guard let first = value.firstIndex(of: 0x27), let second = value[(first + 1)...].firstIndex(of: 0x27) else { return nil }
        guard value[..<first].allSatisfy(MediaType.isTokenByte) else { return nil }
        return (Array(value[..<first]), value[(second + 1)...])
    }

    static func percentDecoded(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        var at = value.startIndex
        while at < value.endIndex {
            if value[at] == 0x25, at + 2 < value.endIndex, let high = hexValue(value[at + 1]), let low = hexValue(value[at + 2]) {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(value[at])
                at += 1
            }
        }
        return out
    }

    /// Where values begin behind each `name=`, wherever it stands: in quotes, in comments, in another value.
    private func mentions(of name: UnsafeBufferPointer<UInt8>) -> [Int] {
        var found: [Int] = []
        var start = 0
        while found.count < 4, start + name.count < text.count {
            guard asciiLower(text[start]) == name[0], name.indices.allSatisfy({ asciiLower(text[start + $0]) == name[$0] }) else {
                start += 1
                continue
            }
            var at = start + name.count
            let isWhole = start == 0 || !MediaType.isTokenByte(text[start - 1])
            start = at
            if !isWhole { continue }
            while at < text.count, text[at] <= 0x20 { at += 1 }
            if at < text.count, text[at] == 0x3D { found.append(at + 1) }
        }
        return found
    }

    /// What readers see that look for `name=` alone, and mind quotes, comments and escapes each in their own way.
    private func naive(_ mentions: [Int]) -> [ParameterReading] {
        var values: [[UInt8]] = []
        for start in mentions {
            let rest = text[start...]
            let raw = rest.prefix { $0 != 0x3B }.trimmed
            values.append(raw.without([0x22, 0x5C]))
            values.append(raw.unwrapped)
            values.append(raw)
            values.append(raw.unwrapped.prefix { $0 > 0x20 && $0 != 0x22 && $0 != 0x28 && $0 != 0x5C }.map { $0 })
            values.append(raw.prefix { $0 != 0x22 }.map { $0 })
            if let quote = raw.firstIndex(of: 0x22) { values.append(raw[(quote + 1)...].prefix { $0 != 0x22 }.map { $0 }) }
            values.append(raw.withoutComments)
            values.append(Array(rest).trimmed.unwrapped.without([0x5C]))
            values.append(Array(rest).trimmed.unwrapped)
            if let equals = raw.firstIndex(of: 0x3D) { values.append(Array(raw[(equals + 1)...])) }
            values.append(raw.prefix { $0 != 0x3D }.map { $0 })
        }
        return values.map { ParameterReading(bytes: $0.trimmed) }
    }
}

extension [UInt8] {
    func offset(of needle: [UInt8], from: Int) -> Int? { withUnsafeBytes { $0.offset(of: needle, in: Swift.min(from, count)..<count) } }

    func begins(with prefix: UnsafeBufferPointer<UInt8>) -> Bool {
        count >= prefix.count && withUnsafeBytes { memcmp($0.baseAddress!, prefix.baseAddress!, prefix.count) == 0 }
    }

    func without(_ bytes: [UInt8]) -> [UInt8] { filter { !bytes.contains($0) } }

    /// Without one pair of quotes, double or single.
    var unwrapped: [UInt8] {
        guard count >= 2, let first, first == last, first == 0x22 || first == 0x27 else { return self }
        return Array(self[1..<(count - 1)])
    }

    var withoutComments: [UInt8] {
        var depth = 0
        return filter { byte in
            if byte == 0x28 { depth += 1 }
            defer { if byte == 0x29, depth > 0 { depth -= 1 } }
            return depth == 0
        }
    }
}

@inline(__always)
func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
