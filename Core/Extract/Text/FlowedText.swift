import func Glibc.memchr

/// text/plain; format=flowed undone (RFC 3676 section 4): lines that were broken are whole again, quoting and fixed lines stay as they are.
public enum FlowedText {
    /// `deletingSpaces`: DelSp=yes. Line ends of the result are LF. Linear.
    public static func unfolded(_ text: UnsafeRawBufferPointer, deletingSpaces: Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        // The quoting of the paragraph that goes on; nil: the line before was fixed.
        var open: Int?
        var at = 0
        while at < text.count {
            let found = memchr(text.baseAddress! + at, 10, text.count - at)
            let end = found.map { text.baseAddress!.distance(to: UnsafeRawPointer($0)) } ?? text.count
            var line = text[at..<end]
            if line.last == 13 { line.removeLast() }
            at = end + 1
            let quoting = line.prefix { $0 == UInt8(ascii: ">") }.count
            var content = line.dropFirst(quoting)
            // Space-stuffed.
            if content.first == 32 { content.removeFirst() }
            let isSignature = content.elementsEqual("-- ".utf8)
            let isFlowed = content.last == 32 && !isSignature
            if let depth = open, depth != quoting || isSignature {
                // A change of quoting ends a paragraph that should have gone on.
                out.append(10)
                open = nil
            }
            if open == nil {
                out.append(contentsOf: repeatElement(UInt8(ascii: ">"), count: quoting))
                if quoting > 0 { out.append(32) }
            }
            if isFlowed, deletingSpaces { content.removeLast() }
            out.append(contentsOf: UnsafeRawBufferPointer(rebasing: content))
            if isFlowed {
                open = quoting
            } else {
                open = nil
                if end < text.count { out.append(10) }
            }
        }
        return out
    }

    public static func unfolded(_ text: some Collection<UInt8>, deletingSpaces: Bool) -> [UInt8] {
        Array(text).withUnsafeBytes { unfolded($0, deletingSpaces: deletingSpaces) }
    }
}
