/// Where an address in text ends, as clients see it.
struct AddressEnd {
    private let text: UnsafeRawBufferPointer

    init(in text: UnsafeRawBufferPointer) { self.text = text }

    /// The length of white space or a quotation mark beyond ASCII that ends an address; 0: none.
    func breakLength(_ place: Int) -> Int {
        switch text[place] {
        case 0xC2 where place + 1 < text.count: return [0xA0, 0xAB, 0xBB, 0x85].contains(text[place + 1]) ? 2 : 0
        case 0xE2 where place + 2 < text.count:
            let (second, third) = (text[place + 1], text[place + 2])
            let isBreak =
                second == 0x80 && (third <= 0x8B || (0x98...0x9F).contains(third) || third == 0xA8 || third == 0xA9 || third == 0xAF)
            return isBreak || second == 0x80 && (third == 0xB9 || third == 0xBA) ? 3 : 0
        case 0xE3 where place + 2 < text.count:
            return text[place + 1] == 0x80 && text[place + 2] != 0x85 && text[place + 2] != 0x86 && text[place + 2] < 0xA0 ? 3 : 0
        case 0xEF where place + 2 < text.count:
            // Full-width comma, brackets, and the byte order mark.
            return text[place + 1] == 0xBC && [0x88, 0x89, 0x8C].contains(text[place + 2])
                || text[place + 1] == 0xBB && text[place + 2] == 0xBF
                ? 3 : 0
        default: return 0
        }
    }

    private func endsAddress(_ place: Int) -> Bool {
        switch text[place] {
        // Blanks, controls and " < > `
        case 0...0x20, 0x22, 0x3C, 0x3E, 0x60, 0x7F: true
        case 0xC2...: breakLength(place) > 0
        default: false
        }
    }

    func extent(from start: Int) -> Int {
        var end = start
        while end < text.count, !endsAddress(end) {
            // A list of addresses without spaces.
            if text[end] == UInt8(ascii: ",") || text[end] == UInt8(ascii: ";") || text[end] == UInt8(ascii: "|"), startsWeb(end + 1) {
                break
            }
            end += 1
        }
        return end
    }

    /// Where a host ends at punctuation that is in none; nil: it has none, or is behind user information, where it may be.
    func authorityEnd(from start: Int) -> Int? {
        var cut: Int?
        var place = start
        let last = min(text.count, start + HTMLLink.mostBytes)
        while place < last, !endsAddress(place), ![47, 92, 63, 35].contains(text[place]) {
            if text[place] == UInt8(ascii: "@") { return nil }
            if cut == nil, [33, 39, 44, 59, 94, 124].contains(text[place]) { cut = place }
            place += 1
        }
        return cut
    }

    private func startsWeb(_ place: Int) -> Bool {
        guard place + 8 <= text.count else { return false }
        return text[place..<place + 7].elementsEqualFolded("http://") || text[place..<place + 8].elementsEqualFolded("https://")
    }

    /// Between angle brackets an address goes on behind line ends (RFC 3986 appendix C).
    func bracketed(start: Int, rest: Int, end: Int) -> Range<Int>? {
        let opens =
            start > 0 && text[start - 1] == UInt8(ascii: "<")
            || start >= 5 && text[(start - 5)..<start].elementsEqualFolded("<url:")
        guard opens, end < text.count, text[end] == 10 || text[end] == 13 else { return nil }
        var place = end
        let last = min(text.count, start + HTMLLink.mostBytes)
        var isLineStart = false
        while place < last {
            let byte = text[place]
            if byte == UInt8(ascii: ">") { return start..<place }
            if byte == 10 || byte == 13 {
                isLineStart = true
            } else if byte == 32 || byte == 9 {
                if !isLineStart { return nil }
            } else if byte < 32 || byte == UInt8(ascii: "<") || byte == UInt8(ascii: "\"") {
                return nil
            } else {
                isLineStart = false
            }
            place += 1
        }
        return nil
    }

    /// Without the punctuation of the sentence around it, and closing brackets that were opened outside.
    func trimmed(_ range: Range<Int>) -> Int {
        var end = range.upperBound
        guard end > range.lowerBound, Self.mayBeOutside(text[end - 1]) else { return end }
        var open = [0, 0, 0]
        for place in range { if let (kind, step) = Self.bracket(text[place]) { open[kind] += step } }
        while end > range.lowerBound {
            let byte = text[end - 1]
            if let (kind, step) = Self.bracket(byte) {
                // One that is opened within stays; an opening one at the end goes.
                guard step > 0 || open[kind] < 0 else { break }
                open[kind] -= step
            } else if !Self.isPunctuation(byte) {
                // 。 and the like
                guard end - range.lowerBound >= 3, text[end - 3] == 0xEF, text[end - 2] == 0xBC || text[end - 2] == 0xBD,
                    [0x81, 0x9A, 0x9B, 0x9F, 0xA1].contains(byte)
                else { break }
                end -= 2
            }
            end -= 1
        }
        return end
    }

    private static func mayBeOutside(_ byte: UInt8) -> Bool { byte >= 0x80 || isPunctuation(byte) || bracket(byte) != nil }

    /// ! ' * , . : ; ? _ | ~
    private static func isPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case 33, 39, 42, 44, 46, 58, 59, 63, 95, 124, 126: true
        default: false
        }
    }

    private static func bracket(_ byte: UInt8) -> (kind: Int, step: Int)? {
        switch byte {
        case 40: (0, 1)
        case 41: (0, -1)
        case 91: (1, 1)
        case 93: (1, -1)
        case 123: (2, 1)
        case 125: (2, -1)
        default: nil
        }
    }
}
