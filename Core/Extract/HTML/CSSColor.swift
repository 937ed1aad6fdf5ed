/// A CSS or HTML colour; `alpha` 0 is transparent.
struct CSSColor: Equatable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
    var alpha: UInt8 = 255

    static let black = CSSColor(red: 0, green: 0, blue: 0)
    static let white = CSSColor(red: 255, green: 255, blue: 255)
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

    /// CSS: `#rgb`, `#rrggbb`, `rgb()`, `rgba()`, `hsl()` without its hue where it has no saturation, names. `text` is lower case, without spaces
    /// around it.
    init?(css text: ArraySlice<UInt8>) {
        if text.first == UInt8(ascii: "#") {
            let digits = text.dropFirst().compactMap(Hexadecimal.value)
            guard digits.count == text.count - 1 else { return nil }
            switch digits.count {
            case 3, 4:
                self.init(red: digits[0] * 17, green: digits[1] * 17, blue: digits[2] * 17, alpha: digits.count == 4 ? digits[3] * 17 : 255)
            case 6, 8:
                self.init(
                    red: digits[0] << 4 | digits[1], green: digits[2] << 4 | digits[3], blue: digits[4] << 4 | digits[5],
                    alpha: digits.count == 8 ? digits[6] << 4 | digits[7] : 255)
            default: return nil
            }
        } else if text.starts(with: "rgb".utf8) || text.starts(with: "hsl".utf8) {
            guard let color = Self.function(text) else { return nil }
            self = color
        } else if text.elementsEqual("transparent".utf8) {
            self.init(red: 0, green: 0, blue: 0, alpha: 0)
        } else {
            guard let rgb = Self.names[HTMLName(text)] else { return nil }
            self.init(rgb)
        }
    }

    private static func function(_ text: ArraySlice<UInt8>) -> CSSColor? {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), text.count < 80 else { return nil }
        let parts = text[(open + 1)...].split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ")") || $0 == 32 }
        guard parts.count >= 3 else { return nil }
        func part(_ index: Int, of whole: Double) -> Double? {
            guard let (value, unit) = CSSLength.number(parts[index]) else { return nil }
            return unit == UInt8(ascii: "%") ? value * whole / 100 : value
        }
        func byte(_ value: Double) -> UInt8 { UInt8(max(0, min(255, value))) }
        let alpha = parts.count > 3 ? part(3, of: 1) ?? 1 : 1
        if text.starts(with: "hsl".utf8) {
            guard let saturation = part(1, of: 100), let light = part(2, of: 255) else { return nil }
            // Black, white and grey are what hides text; any other hue is taken for its lightness.
            guard saturation < 10 || light < 12 || light > 243 else { return nil }
            return CSSColor(red: byte(light), green: byte(light), blue: byte(light), alpha: byte(alpha * 255))
        }
        guard let red = part(0, of: 255), let green = part(1, of: 255), let blue = part(2, of: 255) else { return nil }
        return CSSColor(red: byte(red), green: byte(green), blue: byte(blue), alpha: byte(alpha * 255))
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

    private static let names: HTMLNames<UInt32> = {
        let all: [(StaticString, UInt32)] = [
            ("black", 0), ("silver", 0xC0C0C0), ("gray", 0x808080), ("grey", 0x808080), ("white", 0xFFFFFF), ("maroon", 0x800000),
            ("red", 0xFF0000), ("purple", 0x800080), ("fuchsia", 0xFF00FF), ("magenta", 0xFF00FF), ("green", 0x8000), ("lime", 0xFF00),
            ("olive", 0x808000), ("yellow", 0xFFFF00), ("navy", 0x80), ("blue", 0xFF), ("teal", 0x8080), ("aqua", 0xFFFF), ("cyan", 0xFFFF),
            ("orange", 0xFFA500), ("aliceblue", 0xF0F8FF), ("antiquewhite", 0xFAEBD7), ("azure", 0xF0FFFF), ("beige", 0xF5F5DC),
            ("cornsilk", 0xFFF8DC), ("darkgray", 0xA9A9A9), ("darkgrey", 0xA9A9A9), ("dimgray", 0x696969), ("dimgrey", 0x696969),
            ("floralwhite", 0xFFFAF0), ("gainsboro", 0xDCDCDC), ("ghostwhite", 0xF8F8FF), ("honeydew", 0xF0FFF0), ("ivory", 0xFFFFF0),
            ("lavender", 0xE6E6FA), ("lavenderblush", 0xFFF0F5), ("lemonchiffon", 0xFFFACD), ("lightcyan", 0xE0FFFF),
            ("lightgray", 0xD3D3D3), ("lightgrey", 0xD3D3D3), ("lightyellow", 0xFFFFE0), ("linen", 0xFAF0E6), ("mintcream", 0xF5FFFA),
            ("mistyrose", 0xFFE4E1), ("oldlace", 0xFDF5E6), ("papayawhip", 0xFFEFD5), ("seashell", 0xFFF5EE), ("snow", 0xFFFAFA),
            ("whitesmoke", 0xF5F5F5), ("midnightblue", 0x191970), ("darkblue", 0x8B), ("darkgreen", 0x6400), ("darkred", 0x8B0000),
            ("brown", 0xA52A2A), ("crimson", 0xDC143C), ("gold", 0xFFD700), ("indigo", 0x4B0082), ("pink", 0xFFC0CB), ("tomato", 0xFF6347),
            ("royalblue", 0x4169E1), ("steelblue", 0x4682B4), ("dodgerblue", 0x1E90FF), ("coral", 0xFF7F50), ("salmon", 0xFA8072),
            ("darkorange", 0xFF8C00), ("slategray", 0x708090), ("darkslategray", 0x2F4F4F), ("lightblue", 0xADD8E6), ("skyblue", 0x87CEEB),
        ]
        return HTMLNames(all.map { (HTMLName($0.0), $0.1) })
    }()
}
