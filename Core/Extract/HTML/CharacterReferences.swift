/// Character references (HTML, sections 13.2.5.72 to 80).
struct CharacterReferences: Sendable {
    static let shared = CharacterReferences()

    struct Match {
        var first: Unicode.Scalar
        var second: Unicode.Scalar?
        /// Bytes behind the `&`.
        var length: Int
    }

    private var bytes: [UInt8] = []
    /// Where each name begins in `bytes`, in the order of the names; one more at the end.
    private var starts: [Int32] = []
    private var isBare: [Bool] = []
    private var values: [(Unicode.Scalar, Unicode.Scalar?)] = []
    /// The names that begin with each byte.
    private var initial = [Range<Int>](repeating: 0..<0, count: 256)

    private init() {
        var reader = TableReader(ReferenceTable.names)
        var name: [UInt8] = []
        while !reader.isAtEnd {
            let shared = reader.number()
            let rest = reader.number()
            name.removeLast(name.count - shared)
            for _ in 0..<rest / 2 { name.append(reader.byte()) }
            let hasTwo = reader.number() == 1
            let index = starts.count
            let letter = Int(name[0])
            initial[letter] = initial[letter].isEmpty ? index..<index + 1 : initial[letter].lowerBound..<index + 1
            starts.append(Int32(bytes.count))
            bytes += name
            isBare.append(rest & 1 == 1)
            let first = Unicode.Scalar(UInt32(reader.number()))!
            values.append((first, hasTwo ? Unicode.Scalar(UInt32(reader.number()))! : nil))
        }
        starts.append(Int32(bytes.count))
    }

    /// The reference whose `&` is in front of `at`; nil: none, the `&` is text.
    func match(_ input: UnsafeRawBufferPointer, at: Int, end: Int, inAttribute: Bool) -> Match? {
        guard at < end else { return nil }
        if input[at] == UInt8(ascii: "#") { return numeric(input, at: at, end: end) }
        guard let (index, length) = named(input, at: at, end: end) else { return nil }
        let last = input[at + length - 1]
        if inAttribute, last != UInt8(ascii: ";"), at + length < end {
            let next = input[at + length]
            if next == UInt8(ascii: "=") || next &- 48 < 10 || (next | 0x20) &- 97 < 26 { return nil }
        }
        return Match(first: values[index].0, second: values[index].1, length: length)
    }

    /// The longest name.
    private func named(_ input: UnsafeRawBufferPointer, at: Int, end: Int) -> (index: Int, length: Int)? {
        var low = initial[Int(input[at])].lowerBound
        var high = initial[Int(input[at])].upperBound
        var found: (Int, Int)?
        var depth = 1
        while low < high {
            let start = Int(starts[low])
            let isWhole = Int(starts[low + 1]) - start == depth
            guard at + depth < end else {
                if isWhole, isBare[low] { found = (low, depth) }
                break
            }
            let byte = input[at + depth]
            if isWhole {
                if byte == UInt8(ascii: ";") { return (low, depth + 1) }
                if isBare[low] { found = (low, depth) }
                low += 1
            }
            low = bound(byte, low..<high, depth: depth)
            high = bound(byte &+ 1, low..<high, depth: depth)
            depth += 1
        }
        return found
    }

    /// The first name of `names` whose byte at `depth` is at least `byte`.
    private func bound(_ byte: UInt8, _ names: Range<Int>, depth: Int) -> Int {
        var low = names.lowerBound
        var high = names.upperBound
        while low < high {
            let middle = (low + high) / 2
            if bytes[Int(starts[middle]) + depth] < byte { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func numeric(_ input: UnsafeRawBufferPointer, at start: Int, end: Int) -> Match? {
        var at = start + 1
        let isHexadecimal = at < end && input[at] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { at += 1 }
        let digits = at
        var value: UInt32 = 0
        while at < end, let digit = Hexadecimal.value(input[at]), isHexadecimal || digit < 10 {
            value = min(value * (isHexadecimal ? 16 : 10) + UInt32(digit), 0x11_0000)
            at += 1
        }
        guard at > digits else { return nil }
        if at < end, input[at] == UInt8(ascii: ";") { at += 1 }
        return Match(first: Self.scalar(value), second: nil, length: at - start)
    }

    private static func scalar(_ value: UInt32) -> Unicode.Scalar {
        if (0x80...0x9F).contains(value), windows1252[Int(value) - 0x80] != 0 { return Unicode.Scalar(windows1252[Int(value) - 0x80])! }
        return value == 0 ? "\u{FFFD}" : Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    /// What 0x80 to 0x9F stand for; 0: themselves.
    private static let windows1252: [UInt16] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]
}
