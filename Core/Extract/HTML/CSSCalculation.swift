/// `calc()`, `min()`, `max()` and `clamp()` (CSS Values and Units, section 10), worked out with a font of 16 pixels where sizes are compared.
struct CSSCalculation {
    private static let mostDepth = 16
    private var rest: ArraySlice<UInt8>
    private var depth = 0

    /// nil: something else, or something that nobody can tell.
    static func value(_ text: ArraySlice<UInt8>) -> CSSLength? {
        guard text.count <= 512 else { return nil }
        var calculation = CSSCalculation(rest: text)
        guard let value = calculation.factor(), calculation.rest.trimmed.isEmpty else { return nil }
        return value
    }

    private mutating func skipSpace() { rest = rest.drop(while: HTMLTokenizer.isSpace) }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func sum() -> CSSLength? {
        guard var value = product() else { return nil }
        while true {
            let sign: Double
            if take(UInt8(ascii: "+")) { sign = 1 } else if take(UInt8(ascii: "-")) { sign = -1 } else { return value }
            guard let next = product() else { return nil }
            value = CSSLength(
                pixels: value.pixels + sign * next.pixels, times: value.times + sign * next.times, isNumber: value.isNumber && next.isNumber
            )
        }
    }

    private mutating func product() -> CSSLength? {
        guard var value = factor() else { return nil }
        while true {
            let isDivision: Bool
            if take(UInt8(ascii: "*")) {
                isDivision = false
            } else if take(UInt8(ascii: "/")) {
                isDivision = true
            } else {
                return value
            }
            guard let next = factor(), !isDivision || next.isNumber && next.pixels != 0 else { return nil }
            if next.isNumber {
                value = Self.scaled(value, isDivision ? 1 / next.pixels : next.pixels)
            } else if value.isNumber {
                value = Self.scaled(next, value.pixels)
            } else {
                return nil
            }
        }
    }

    private static func scaled(_ value: CSSLength, _ by: Double) -> CSSLength {
        CSSLength(pixels: value.pixels * by, times: value.times * by, isNumber: value.isNumber)
    }

    private mutating func factor() -> CSSLength? {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth, let first = rest.first else { return nil }
        if first == UInt8(ascii: "(") || first &- 97 < 26
            || first == UInt8(ascii: "-") && rest.dropFirst().first.map({ $0 &- 97 < 26 }) == true
        {
            return function()
        }
        guard let (value, behind) = CSSLength.number(rest) else { return nil }
        let unit = behind.prefix { $0 &- 97 < 26 || $0 == UInt8(ascii: "%") }
        rest = behind[unit.endIndex...]
        return CSSLength.of(value, unit)
    }

    private mutating func function() -> CSSLength? {
        let name = rest.prefix { $0 != UInt8(ascii: "(") }
        guard name.endIndex < rest.endIndex else { return nil }
        rest = rest[(name.endIndex + 1)...]
        var values: [CSSLength] = []
        repeat {
            guard let value = sum() else { return nil }
            values.append(value)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: ")")) || rest.isEmpty else { return nil }
        func size(_ value: CSSLength) -> Double { value.pixels(around: 16) }
        if name.isEmpty || name.isWord("calc") || name.isWord("-webkit-calc") || name.isWord("-moz-calc") {
            return values.count == 1 ? values[0] : nil
        }
        if name.isWord("min") { return values.min { size($0) < size($1) } }
        if name.isWord("max") { return values.max { size($0) < size($1) } }
        if name.isWord("clamp"), values.count == 3 {
            return size(values[1]) < size(values[0]) ? values[0] : size(values[1]) > size(values[2]) ? values[2] : values[1]
        }
        return nil
    }
}
