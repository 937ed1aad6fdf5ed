import Mail

/// A field's value as readers of MIME take it: unfolded, line ends gone, cut at a limit.
struct HeaderText {
    var bytes: [UInt8] = []
    var isCut = false

    init(_ message: UnsafeRawBufferPointer, _ range: Range<Int>, most: Int) {
        var start = range.lowerBound
        // What is only blank in front costs no room.
        while start < range.upperBound, message[start] <= 0x20 { start += 1 }
        isCut = range.upperBound - start > most
        let end = min(range.upperBound, start + most)
        if start == end { return }
        bytes = [UInt8](unsafeUninitializedCapacity: end - start) { out, count in
            for i in start..<end where message[i] != 0x0A {
                if message[i] == 0x0D, i + 1 == end || message[i + 1] == 0x0A { continue }
                out[count] = message[i] == 0x0D ? 0x20 : message[i]
                count += 1
            }
            while count > 0, out[count - 1] <= 0x20 { count -= 1 }
        }
    }
}

/// RFC 3629: no surrogates, nothing overlong. One pass.
func isUTF8(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var at = range.lowerBound
    while at < range.upperBound {
        if bytes[at] < 0x80 {
            at += 1
            continue
        }
        let length = utf8Length(bytes, at: at, to: range.upperBound)
        if length == 0 { return false }
        at += length
    }
    return true
}

/// Bytes of the character at `at`; 0: none by RFC 3629, or cut off.
@inline(__always)
func utf8Length(_ bytes: UnsafeRawBufferPointer, at: Int, to end: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return 1 }
    guard first >= 0xC2, first <= 0xF4 else { return 0 }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard at + length <= end else { return 0 }
    let second = bytes[at + 1]
    let lowest: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard second >= lowest, second <= highest else { return 0 }
    if length > 2, bytes[at + 2] & 0xC0 != 0x80 { return 0 }
    if length > 3, bytes[at + 3] & 0xC0 != 0x80 { return 0 }
    return length
}
