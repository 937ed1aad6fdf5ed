/// A CSS or HTML colour; `alpha` 0 is transparent.
struct CSSColor: Equatable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
    var alpha: UInt8 = 255

    static let black = CSSColor(red: 0, green: 0, blue: 0)
    static let white = CSSColor(red: 255, green: 255, blue: 255)
    static let transparent = CSSColor(red: 0, green: 0, blue: 0, alpha: 0)
    static let link = CSSColor(red: 0, green: 0, blue: 238)

    init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }

    private init(_ rgb: UInt32) {
        self.init(red: UInt8(rgb >> 16 & 255), green: UInt8(rgb >> 8 & 255), blue: UInt8(rgb & 255))
    }

    /// So near to `ground` that nobody reads it.
    func isLost(on ground: CSSColor) -> Bool {
        if alpha < 16 { return true }
        let (red, green, blue) = (abs(Int(red) - Int(ground.red)), abs(Int(green) - Int(ground.green)), abs(Int(blue) - Int(ground.blue)))
        // Weighted as eyes do, of 255.
        return (red * 3 + green * 6 + blue) / 10 < 16 && max(red, green, blue) < 40
    }

    /// As CSS writes it (CSS Color, sections 4 to 10). `text` is lower case, without spaces around it.
    init?(css text: ArraySlice<UInt8>) {
        if text.first == UInt8(ascii: "#") {
            var value: UInt32 = 0
            for byte in text.dropFirst() {
                guard text.count <= 9, let digit = Hexadecimal.value(byte) else { return nil }
                value = value << 4 | UInt32(digit)
            }
            func double(_ shift: UInt32) -> UInt8 { UInt8(value >> shift & 15) * 17 }
            switch text.count {
            case 4: self.init(red: double(8), green: double(4), blue: double(0))
            case 5: self.init(red: double(12), green: double(8), blue: double(4), alpha: double(0))
            case 7: self.init(value)
            case 9:
                self.init(value >> 8)
                alpha = UInt8(value & 255)
            default: return nil
            }
        } else if text.last == UInt8(ascii: ")") {
            guard let color = Self.function(text) else { return nil }
            self = color
        } else if text.isWord("transparent") {
            self = .transparent
        } else {
            guard let rgb = CSSColorNames[text] else { return nil }
            self.init(rgb)
        }
    }

    private static func function(_ text: ArraySlice<UInt8>) -> CSSColor? {
        guard text.count < 100, let (name, all) = CSSShape.function(text) else { return nil }
        // `rgb(1 2 3 / 50%)`, with or without spaces at the stroke.
        let parts = all.flatMap { $0.split(separator: UInt8(ascii: "/")) }
        func part(_ index: Int, of whole: Double) -> Double? {
            guard let (value, unit) = CSSLength.number(parts[index]) else {
                return parts[index].isWord("none") ? 0 : CSSLength(parts[index])?.pixels
            }
            return unit.first == UInt8(ascii: "%") ? value * whole / 100 : value
        }
        guard parts.count >= 3 else { return nil }
        var color: CSSColor?
        if name.starts("rgb") {
            if let red = part(0, of: 255), let green = part(1, of: 255), let blue = part(2, of: 255) { color = mixed(red, green, blue) }
        } else if name.starts("hsl") {
            if let hue = part(0, of: 360), let saturation = part(1, of: 100), let light = part(2, of: 100) {
                color = hsl(hue, saturation / 100, light / 100)
            }
        } else if name.isWord("hwb") {
            if let white = part(1, of: 255), let black = part(2, of: 255), white + black >= 240 {
                color = mixed(white, white, white)
            }
        } else if name.isWord("lab") || name.isWord("lch") {
            if let light = part(0, of: 100) { color = extreme(light / 100) }
        } else if name.isWord("oklab") || name.isWord("oklch") {
            if let light = part(0, of: 1) { color = extreme(light) }
        } else if name.isWord("color"), parts.count >= 4 {
            if let red = part(1, of: 1), let green = part(2, of: 1), let blue = part(3, of: 1) {
                color = mixed(red * 255, green * 255, blue * 255)
            }
        }
        let alphaAt = name.isWord("color") ? 4 : 3
        if parts.count > alphaAt, let alpha = part(alphaAt, of: 1) { color?.alpha = byte(alpha * 255) }
        return color
    }

    private static func byte(_ value: Double) -> UInt8 { UInt8(max(0, min(255, value))) }

    private static func mixed(_ red: Double, _ green: Double, _ blue: Double) -> CSSColor {
        CSSColor(red: byte(red), green: byte(green), blue: byte(blue))
    }

    /// Of colours by lightness, black and white are what hides text most; others are not worked out.
    private static func extreme(_ light: Double) -> CSSColor? { light >= 0.97 ? .white : light <= 0.03 ? .black : nil }

    /// CSS Color, section 7.1.
    private static func hsl(_ hue: Double, _ saturation: Double, _ light: Double) -> CSSColor {
        let light = max(0, min(1, light))
        let reach = max(0, min(1, saturation)) * min(light, 1 - light)
        func channel(_ n: Double) -> Double {
            let k = (n + max(-1e6, min(1e6, hue)) / 30).truncatingRemainder(dividingBy: 12)
            let at = k < 0 ? k + 12 : k
            return (light - reach * max(-1, min(at - 3, 9 - at, 1))) * 255
        }
        return mixed(channel(0), channel(8), channel(4))
    }

    /// The colour of a gradient that has one only; nil: it has several, or they are not known.
    static func plain(_ gradient: ArraySlice<UInt8>) -> CSSColor? {
        guard let (_, words) = CSSShape.function(gradient) else { return nil }
        var plain: CSSColor?
        for word in words {
            guard let color = CSSColor(css: word) else {
                // A name or function that is none of ours may be a colour.
                if word.last == UInt8(ascii: ")") || word.isWord("currentcolor") { return nil }
                continue
            }
            if let plain, !color.isLost(on: plain) || color.alpha != plain.alpha { return nil }
            plain = plain ?? color
        }
        return plain
    }

    /// The legacy colour of an attribute (HTML, section 2.3.6): everything is a colour.
    init?(attribute text: ArraySlice<UInt8>) {
        if text.isEmpty { return nil }
        if let color = CSSColor(css: text), color.alpha == 255 {
            self = color
            return
        }
        var digits = text.prefix(128).map { Hexadecimal.value($0) ?? 0 }
        if text.first == UInt8(ascii: "#") { digits.removeFirst() }
        while digits.isEmpty || digits.count % 3 != 0 { digits.append(0) }
        let length = digits.count / 3
        var parts = (0..<3).map { Array(digits[($0 * length)..<(($0 + 1) * length)].suffix(8)) }
        while parts[0].count > 2, parts.allSatisfy({ $0[0] == 0 }) { parts = parts.map { Array($0.dropFirst()) } }
        let bytes = parts.map { part in part.count == 1 ? part[0] : part[0] << 4 | part[1] }
        self.init(red: bytes[0], green: bytes[1], blue: bytes[2])
    }
}
