/// Reads the numbers that `generate.py` wrote: base 32, low digits first, from '0' on, 32 added to all digits but the last.
struct TableReader {
    private var at: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ text: StaticString) {
        at = text.utf8Start
        end = at + text.utf8CodeUnitCount
        skipLineEnds()
    }

    var isAtEnd: Bool { at == end }

    mutating func byte() -> UInt8 {
        precondition(at < end, "a table of ours is cut off")
        let byte = at.pointee
        at += 1
        skipLineEnds()
        return byte
    }

    mutating func number() -> Int {
        var value = 0
        var shift = 0
        while true {
            let digit = Int(byte()) - 48
            value |= (digit & 31) << shift
            if digit < 32 { return value }
            shift += 5
        }
    }

    /// Zigzag: 0, -1, 1, -2, ...
    mutating func signed() -> Int {
        let value = number()
        return value & 1 == 0 ? value / 2 : -(value + 1) / 2
    }

    private mutating func skipLineEnds() {
        while at < end, at.pointee == 10 { at += 1 }
    }
}
