/// A message's end and content read once more, slowly and as plainly as can be, to compare with the machine's.
enum PlainReading {
    /// The offset behind the first CR LF . CR LF; a line begins at 0.
    static func end(of stream: ArraySlice<UInt8>) -> Int? {
        let pattern: [UInt8] = [13, 10, 46, 13, 10]
        // How much of the pattern the stream's end so far is; the line end before the first byte counts.
        var matched = 2
        for (offset, byte) in stream.enumerated() {
            if byte == pattern[matched] {
                matched += 1
                if matched == 5 { return offset + 1 }
            } else {
                matched = byte == 13 ? 1 : 0
            }
        }
        return nil
    }

    /// What stands before the end of data, without the stuffed dots.
    static func content(_ stream: ArraySlice<UInt8>) -> [UInt8] {
        let body = Array(stream.dropLast(3))
        var out: [UInt8] = []
        for (i, byte) in body.enumerated() {
            let beginsLine = i == 0 || (i >= 2 && body[i - 2] == 13 && body[i - 1] == 10)
            if byte == 46, beginsLine { continue }
            out.append(byte)
        }
        return out
    }

    /// A CR without LF behind it or a LF without CR before it.
    static func hasBareLineEnd(_ bytes: [UInt8]) -> Bool {
        for (i, byte) in bytes.enumerated() {
            if byte == 13, i + 1 == bytes.count || bytes[i + 1] != 10 { return true }
            if byte == 10, i == 0 || bytes[i - 1] != 13 { return true }
        }
        return false
    }

    /// Each CR or LF that stands alone made a CR LF.
    static func normalized(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var i = 0
        while i < bytes.count {
            switch bytes[i] {
            case 13:
                out += [13, 10]
                if i + 1 < bytes.count, bytes[i + 1] == 10 { i += 1 }
            case 10: out += [13, 10]
            default: out.append(bytes[i])
            }
            i += 1
        }
        return out
    }

    static func longestLine(_ bytes: [UInt8]) -> Int {
        var longest = 0
        var length = 0
        for byte in bytes {
            if byte == 10 { length = 0 } else if byte != 13 { length += 1 }
            longest = max(longest, length)
        }
        return longest
    }

    /// An end of data in the eyes of some server: a dot alone between any two of CR and LF.
    static func hasLenientEnd(_ stream: [UInt8]) -> Bool {
        for (i, byte) in stream.enumerated() where byte == 46 {
            let before = i == 0 ? 10 : stream[i - 1]
            let after = i + 1 < stream.count ? stream[i + 1] : 0
            if before == 13 || before == 10, after == 13 || after == 10 { return true }
        }
        return false
    }
}
