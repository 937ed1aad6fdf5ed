import Mail

/// A delay in seconds, as short as people want it: to the millisecond, above ten seconds to the tenth.
enum DelayText {
    static func text(_ delay: Duration) -> String {
        let milliseconds = max(0, delay.microseconds + 500) / 1000
        if milliseconds >= 10_000 { return "\((milliseconds + 50) / 1000).\((milliseconds + 50) / 100 % 10)".withoutZeros }
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(fraction)".withoutZeros
    }
}

extension String {
    fileprivate var withoutZeros: String {
        var text = self[...]
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }
}
