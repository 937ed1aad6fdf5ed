/// Parses URLs as browsers do (URL standard, section 4.4). Time is linear in the length.
public enum URLParser {
    /// `text` is UTF-8. nil: a failure by the standard.
    public static func parse(_ text: some Collection<UInt8>, base: URLRecord? = nil) -> URLRecord? {
        var input = Array(text)
        if let first = input.firstIndex(where: { $0 > 0x20 }) {
            let last = input.lastIndex { $0 > 0x20 }!
            if first > 0 || last < input.count - 1 { input = Array(input[first...last]) }
        } else {
            input = []
        }
        if input.contains(where: { $0 == 9 || $0 == 10 || $0 == 13 }) { input.removeAll { $0 == 9 || $0 == 10 || $0 == 13 } }
        var states = URLStates(input: input, base: base)
        return states.run()
    }

    public static func parse(_ text: String, base: URLRecord? = nil) -> URLRecord? { parse(text.utf8, base: base) }
}
