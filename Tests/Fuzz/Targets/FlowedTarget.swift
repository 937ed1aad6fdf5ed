import Extract

/// format=flowed undone: bounded, as a second, slow reading has it, UTF-8 stays UTF-8; and paragraphs that were broken into lines by the rules are
/// whole again.
enum FlowedTarget {
    private struct Paragraph {
        var depth: Int
        var text: [UInt8]
        var goesOn = false

        var bytes: [UInt8] { (depth > 0 ? Array(repeating: UInt8(ascii: ">"), count: depth) + [32] : []) + text }
    }

    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        for deletingSpaces in [false, true] {
            let out = FlowedText.unfolded(bytes, deletingSpaces: deletingSpaces)
            // A quoted line gets a blank, and has two bytes or more of its own.
            try expect(2 * out.count <= 3 * bytes.count + 4, "\(out.count) bytes of \(bytes.count)")
            try expect(out == plain(bytes, deletingSpaces), "it is read differently by a slow reader, DelSp \(deletingSpaces)")
            if String(validating: bytes, as: UTF8.self) != nil {
                try expect(String(validating: out, as: UTF8.self) != nil, "UTF-8 is none any more")
            }
            try roundTrip(input, deletingSpaces)
        }
    }

    /// RFC 3676 section 4, line by line.
    private static func plain(_ bytes: [UInt8], _ deletingSpaces: Bool) -> [UInt8] {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        let isEnded = lines.last == []
        if isEnded { lines.removeLast() }
        var paragraphs: [Paragraph] = []
        for var line in lines {
            if line.last == 13 { line.removeLast() }
            let depth = line.prefix { $0 == UInt8(ascii: ">") }.count
            line.removeFirst(depth)
            if line.first == 32 { line.removeFirst() }
            let isSignature = line == Array("-- ".utf8)
            let isFlowed = line.last == 32 && !isSignature
            if isFlowed && deletingSpaces { line.removeLast() }
            if let last = paragraphs.last, last.goesOn, last.depth == depth, !isSignature {
                paragraphs[paragraphs.count - 1].text += line
                paragraphs[paragraphs.count - 1].goesOn = isFlowed
            } else {
                paragraphs.append(Paragraph(depth: depth, text: line, goesOn: isFlowed))
            }
        }
        guard let last = paragraphs.last else { return [] }
        return paragraphs.dropLast().flatMap { $0.bytes + [10] } + last.bytes + (isEnded && !last.goesOn ? [10] : [])
    }

    /// Each line of the input is a paragraph; how deep it is quoted and how wide lines are its first bytes say.
    private static func roundTrip(_ input: UnsafeRawBufferPointer, _ deletingSpaces: Bool) throws(Finding) {
        guard input.count > 2 else { return }
        let width = 1 + Int(input[0]) % 78
        var depth = Int(input[1])
        var written: [UInt8] = []
        var expected: [UInt8] = []
        for line in input[2...].split(separator: 10, omittingEmptySubsequences: false) {
            var text = line.filter { $0 != 13 }
            while text.last == 32 { text.removeLast() }
            let paragraph = Paragraph(depth: depth % 4, text: text)
            depth /= 2
            expected += paragraph.bytes + [10]
            for piece in pieces(text, width, deletingSpaces) {
                written += repeatElement(UInt8(ascii: ">"), count: paragraph.depth)
                // Section 4.4.
                if paragraph.depth > 0 || piece.first == 32 || piece.first == UInt8(ascii: ">") { written.append(32) }
                written += piece + [13, 10]
            }
        }
        let back = FlowedText.unfolded(written, deletingSpaces: deletingSpaces)
        try expect(
            back == expected,
            "\(String(decoding: expected, as: UTF8.self).debugDescription) comes back as \(String(decoding: back, as: UTF8.self).debugDescription)"
        )
    }

    /// The lines of a paragraph: all but the last end with a blank, and none of them looks like a signature's.
    private static func pieces(_ text: [UInt8], _ width: Int, _ deletingSpaces: Bool) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        for byte in text.dropLast() {
            piece.append(byte)
            let mayBreak = deletingSpaces ? piece != Array("--".utf8) : byte == 32 && piece != Array("-- ".utf8)
            guard piece.count >= width, mayBreak else { continue }
            pieces.append(deletingSpaces ? piece + [32] : piece)
            piece = []
        }
        return pieces + [piece + text.suffix(1)]
    }
}
