/// A CSS number or length, as far as it can hide something (CSS Values and Units, sections 5, 6 and 10).
struct CSSLength: Equatable, Sendable {
    var pixels = 0.0
    /// Times the size of the font around it.
    var times = 0.0
    /// Without a unit.
    var isNumber = false

    static let nothing = CSSLength()

    init(pixels: Double = 0, times: Double = 0, isNumber: Bool = false) {
        self.pixels = pixels
        self.times = times
        self.isNumber = isNumber
    }

    /// `text` is lower case. nil: no length, or one that nobody can tell.
    init?(_ text: ArraySlice<UInt8>) {
        if text.last == UInt8(ascii: ")") {
            guard let value = CSSCalculation.value(text) else { return nil }
            self = value
            return
        }
        guard let (value, unit) = Self.number(text), let length = Self.of(value, unit) else { return nil }
        self = length
    }

    func pixels(around: Double) -> Double { pixels + times * around }

    static func of(_ value: Double, _ unit: ArraySlice<UInt8>) -> CSSLength? {
        var key: UInt32 = 0
        guard unit.count <= 4 else { return nil }
        for byte in unit { key = key << 8 | UInt32(byte) }
        switch key {
        case 0: return CSSLength(pixels: value, isNumber: true)
        case 0x7078: return CSSLength(pixels: value)  // px
        case 0x7074: return CSSLength(pixels: value * 4 / 3)  // pt
        case 0x7063, 0x72_656D: return CSSLength(pixels: value * 16)  // pc, rem
        case 0x696E: return CSSLength(pixels: value * 96)  // in
        case 0x636D: return CSSLength(pixels: value * 37.8)  // cm
        case 0x6D6D: return CSSLength(pixels: value * 3.78)  // mm
        case 0x71: return CSSLength(pixels: value * 0.945)  // q
        case 0x656D, 0x6963, 0x6C68: return CSSLength(times: value)  // em, ic, lh
        case 0x6578, 0x6368: return CSSLength(times: value / 2)  // ex, ch
        case 0x25: return CSSLength(times: value / 100)  // %
        case 0x7677, 0x7668, 0x766D_696E, 0x766D_6178: return CSSLength(pixels: value * 8)  // vw, vh, vmin, vmax
        default: return nil
        }
    }

    /// A number in front and what is behind it; nil: none.
    static func number(_ text: ArraySlice<UInt8>) -> (value: Double, rest: ArraySlice<UInt8>)? {
        var at = text.startIndex
        let end = text.endIndex
        var sign = 1.0
        if at < end, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            if text[at] == UInt8(ascii: "-") { sign = -1 }
            at += 1
        }
        var value = 0.0
        var scale = 1.0
        var isFraction = false
        var digits = 0
        while at < end {
            let byte = text[at]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if byte &- 48 < 10 {
                digits += 1
                // Beyond what a number holds, digits only move the point.
                if value < 1e16 {
                    value = value * 10 + Double(byte - 48)
                    if isFraction { scale *= 10 }
                } else if !isFraction {
                    value *= 10
                }
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        value /= scale
        if at + 1 < end, text[at] == UInt8(ascii: "e"), let (power, next) = exponent(text[(at + 1)...]) {
            at = next
            for _ in 0..<min(abs(power), 400) { value = power < 0 ? value / 10 : value * 10 }
        }
        return (sign * min(value, 1e30), text[at...])
    }

    /// Behind an `e`: `1em` has none.
    private static func exponent(_ text: ArraySlice<UInt8>) -> (Int, Int)? {
        var at = text.startIndex
        let isNegative = text[at] == UInt8(ascii: "-")
        if isNegative || text[at] == UInt8(ascii: "+") { at += 1 }
        let first = at
        var power = 0
        while at < text.endIndex, text[at] &- 48 < 10 {
            power = min(power * 10 + Int(text[at] - 48), 1000)
            at += 1
        }
        return at > first ? (isNegative ? -power : power, at) : nil
    }
}
