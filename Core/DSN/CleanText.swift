/// Words of strangers made fit for a header field or a line of text: one line, no control characters, bounded.
enum CleanText {
    /// `most`: bytes. Runs of white space become one space; control characters, those that reorder text, and without `allowsUTF8` all beyond
    /// ASCII become `?`.
    static func line(_ text: String, most: Int, allowsUTF8: Bool) -> String {
        var out = String.UnicodeScalarView()
        var count = 0
        var isSpaceOwed = false
        for scalar in text.unicodeScalars {
            let value = scalar.value
            if value == 0x20 || (0x09...0x0D).contains(value) {
                isSpaceOwed = count > 0
                continue
            }
            let isPlain = value > 0x20 && value < 0x7F || allowsUTF8 && value >= 0xA0 && !reorders(value)
            let shown = isPlain ? scalar : "?"
            let size = UTF8.width(shown) + (isSpaceOwed ? 1 : 0)
            guard count + size <= most else { break }
            if isSpaceOwed { out.append(" ") }
            isSpaceOwed = false
            out.append(shown)
            count += size
        }
        return String(out)
    }

    private static func reorders(_ value: UInt32) -> Bool {
        value == 0x2028 || value == 0x2029 || (0x200E...0x200F).contains(value) || (0x202A...0x202E).contains(value)
            || (0x2066...0x2069).contains(value) || value == 0xFEFF
    }

    /// `Name: value` with its line end, folded at spaces (RFC 5322 section 2.2.3). `value` is one clean line.
    static func field(_ name: String, _ value: String) -> String {
        var text = name + ":"
        var column = text.utf8.count
        for word in value.split(separator: " ") {
            if column + 1 + word.utf8.count > 78, column > name.utf8.count + 1 {
                text += "\r\n"
                column = 0
            }
            text += " " + word
            column += 1 + word.utf8.count
        }
        return text + "\r\n"
    }
}
