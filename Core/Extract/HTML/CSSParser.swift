/// Reads declarations (CSS Syntax, section 5.4.4).
enum CSSParser {
    /// Of a `style` attribute or of a rule's block, `text` as `CSSText` has it: what is said and what is said with `!important`.
    static func declarations(_ text: ArraySlice<UInt8>) -> (plain: CSSDeclarations, important: CSSDeclarations) {
        var plain = CSSDeclarations()
        var important = CSSDeclarations()
        CSSText.split(text, at: UInt8(ascii: ";")) { declaration in
            guard let colon = declaration.firstIndex(of: UInt8(ascii: ":")) else { return }
            let (name, value) = (declaration[..<colon].trimmed, declaration[(colon + 1)...].trimmed)
            if let mark = value.lastIndex(of: UInt8(ascii: "!")), value[(mark + 1)...].trimmed.isWord("important") {
                important.set(name, value[..<mark].trimmed)
            } else {
                plain.set(name, value)
            }
        }
        return (plain, important)
    }
}
