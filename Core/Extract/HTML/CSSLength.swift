/// A CSS length, as far as it can hide something.
enum CSSLength: Equatable, Sendable {
    case pixels(Double)
    /// Times the size of the font around it.
    case times(Double)

    /// `text` is lower case. nil: no length, or one that depends on the window.
    init?(_ text: ArraySlice<UInt8>) {
        guard let (value, _) = Self.number(text) else { return nil }
        let unit = text.drop { $0 &- 48 < 10 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        switch String(decoding: unit, as: UTF8.self) {
        case "", "px": self = .pixels(value)
        case "pt": self = .pixels(value * 4 / 3)
        case "pc": self = .pixels(value * 16)
        case "in": self = .pixels(value * 96)
        case "cm": self = .pixels(value * 37.8)
        case "mm": self = .pixels(value * 3.78)
        case "rem": self = .pixels(value * 16)
        case "em": self = .times(value)
        case "ex", "ch": self = .times(value / 2)
        case "%": self = .times(value / 100)
        case "vw", "vh", "vmin", "vmax": self = .pixels(value * 8)
        default: return nil
        }
    }

    func pixels(around: Double) -> Double {
        switch self {
        case .pixels(let value): value
        case .times(let factor): factor * around
        }
    }

    /// A number in front and the byte behind it; nil: none.
    static func number(_ text: ArraySlice<UInt8>) -> (value: Double, unit: UInt8?)? {
        var rest = text
        var sign = 1.0
        if rest.first == UInt8(ascii: "-") { sign = -1 }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        var value = 0.0
        var scale = 0.0
        var digits = 0
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), scale == 0 {
                scale = 1
            } else if byte &- 48 < 10 {
                digits += 1
                if digits < 16 {
                    value = value * 10 + Double(byte - 48)
                    scale *= 10
                } else if scale == 0 {
                    value *= 10
                }
            } else {
                break
            }
            rest.removeFirst()
        }
        return digits == 0 ? nil : (sign * value / max(scale, 1), rest.first)
    }
}
