/// Shapes and transformations that leave nothing to be seen.
enum CSSShape {
    /// `clip: rect(top, right, bottom, left)` (CSS Masking, section 6): at most a pixel high or wide.
    static func isEmpty(clip value: ArraySlice<UInt8>) -> Bool {
        guard let (name, sides) = function(value), name.isWord("rect"), sides.count == 4 else { return isEmpty(path: value) }
        func isNothing(_ from: CSSLength?, _ to: CSSLength?) -> Bool {
            guard let from, let to else { return false }
            return to.pixels(around: 16) - from.pixels(around: 16) <= 1
        }
        return isNothing(CSSLength(sides[0]), CSSLength(sides[2])) || isNothing(CSSLength(sides[3]), CSSLength(sides[1]))
    }

    /// `clip-path` (CSS Shapes, section 3).
    static func isEmpty(path value: ArraySlice<UInt8>) -> Bool {
        guard let (name, values) = function(value), let first = values.first else { return false }
        if name.isWord("inset") {
            let sides = values.prefix { !$0.isWord("round") }.map { CSSLength($0) ?? .nothing }
            guard let top = sides.first else { return false }
            let right = sides.count > 1 ? sides[1] : top
            let bottom = sides.count > 2 ? sides[2] : top
            let left = sides.count > 3 ? sides[3] : right
            // Parts of a whole, or further than any page is wide.
            func isAll(_ one: CSSLength, _ other: CSSLength) -> Bool { one.times + other.times >= 1 || one.pixels + other.pixels >= 4000 }
            return isAll(top, bottom) || isAll(left, right)
        }
        if name.isWord("circle") || name.isWord("ellipse") { return CSSLength(first).map { $0.pixels(around: 16) < 1 } ?? false }
        if name.isWord("polygon") {
            let points = values.compactMap { CSSLength($0) }
            return points.count >= 2
                && stride(from: 0, to: points.count - 1, by: 2).allSatisfy { points[$0] == points[0] && points[$0 + 1] == points[1] }
        }
        return false
    }

    static func vanishes(transform value: ArraySlice<UInt8>) -> Bool {
        for word in value.words {
            guard let (name, values) = function(word) else { continue }
            let numbers = values.compactMap { CSSLength($0) }
            if name.starts("scale") {
                if numbers.prefix(2).contains(where: { isSmall($0) }) { return true }
            } else if name.starts("translate") {
                if numbers.contains(where: { HTMLStyle.isFar($0.pixels(around: 16)) }) { return true }
            } else if name.isWord("matrix") {
                if numbers.count == 6, isSmall(numbers[0]) && isSmall(numbers[1]) || isSmall(numbers[3]) && isSmall(numbers[2]) {
                    return true
                }
            } else if name.isWord("rotatex") || name.isWord("rotatey"), let angle = values.first {
                if angle.isWord("90deg") || angle.isWord("-90deg") || angle.isWord("270deg") || angle.isWord(".25turn") { return true }
            }
        }
        return false
    }

    static func vanishes(scale value: ArraySlice<UInt8>) -> Bool {
        value.words.prefix(2).contains { CSSLength($0).map(isSmall) ?? false }
    }

    /// `opacity(0)`, and `alpha(opacity=0)` as old clients have it.
    static func vanishes(filter value: ArraySlice<UInt8>) -> Bool {
        for word in value.words {
            guard let (name, values) = function(word), let first = values.first else { continue }
            if name.isWord("opacity"), let number = CSSLength(first), number.pixels(around: 1) < 0.06 { return true }
            if name.isWord("alpha"), first.starts("opacity="), let number = CSSLength(first.dropFirst(8)), number.pixels < 6 { return true }
        }
        return false
    }

    private static func isSmall(_ number: CSSLength) -> Bool { abs(number.pixels(around: 1)) < 0.06 }

    /// `name(a, b)`, or apart by spaces; at most 64 values.
    static func function(_ text: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, values: [ArraySlice<UInt8>])? {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), text.last == UInt8(ascii: ")") else { return nil }
        var values: [ArraySlice<UInt8>] = []
        CSSText.split(text[(open + 1)..<(text.endIndex - 1)], at: UInt8(ascii: ",")) { part in
            if values.count < 64 { values += part.words }
        }
        return (text[..<open].trimmed, values)
    }
}
