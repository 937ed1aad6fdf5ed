import func Glibc.memcmp

/// The boundaries of the multiparts that are open, and whether a line is one of them (RFC 2046 section 5.1.1).
struct DelimiterSet {
    struct Match {
        var entry: Int
        var isClose: Bool
        /// nil: no delimiter by the standard, only the like of it.
        var isExact: Bool
        /// An inner multipart whose boundary the line begins with, while it is exactly that of an outer one.
        var near: Int?
    }

    private struct Entry {
        /// The boundary's first eight bytes, and which of them count: most lines are told apart by these alone.
        let head: UInt64
        let mask: UInt64
        let boundary: [UInt8]
        let frame: Int
    }

    private var entries: [Entry] = []
    /// A line that begins with a boundary is one, whatever follows: some readers' rule.
    var takesPrefixes = false

    var isEmpty: Bool { entries.isEmpty }

    /// Boundaries are at most 70 characters; the first of them decide here.
    static let longest = 256
    /// Blanks behind a boundary that are taken for padding: a line has at most 998 characters (RFC 5322 section 2.1.1).
    private static let padding = 1024

    /// The frame whose boundary it is.
    func frame(of match: Match) -> Int { entries[match.entry].frame }
    func frame(near match: Match) -> Int? { match.near.map { entries[$0].frame } }

    mutating func push(_ boundary: [UInt8], frame: Int) {
        let boundary = Array(boundary.prefix(Self.longest))
        var head: UInt64 = 0
        for (i, byte) in boundary.prefix(8).enumerated() { head |= UInt64(byte) << UInt64(8 * i) }
        let mask = boundary.count >= 8 ? UInt64.max : (1 << UInt64(8 * boundary.count)) - 1
        entries.append(Entry(head: head, mask: mask, boundary: boundary, frame: frame))
    }

    /// Those of the frames from `frame` on go.
    mutating func pop(from frame: Int) {
        while !entries.isEmpty, entries[entries.count - 1].frame >= frame { entries.removeLast() }
    }

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// `at` is the offset of the `--` that begins a line.
    func match(_ bytes: UnsafeRawBufferPointer, at: Int, to end: Int) -> Match? {
        let start = at + 2
        var head: UInt64 = 0
        if start + 8 <= end {
            head = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        } else {
            for i in start..<max(start, end) { head |= UInt64(bytes[i]) << UInt64(8 * (i - start)) }
        }
        var near: Int?
        var nearIsClose = false
        for index in entries.indices.reversed() {
            if (head ^ entries[index].head) & entries[index].mask != 0 { continue }
            guard let (isClose, isExact) = judge(entries[index].boundary, bytes, start, end) else { continue }
            if isExact { return Match(entry: index, isClose: isClose, isExact: true, near: near) }
            if near == nil {
                near = index
                nearIsClose = isClose
            }
        }
        return near.map { Match(entry: $0, isClose: nearIsClose, isExact: false, near: nil) }
    }

    private func judge(_ boundary: [UInt8], _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> (isClose: Bool, isExact: Bool)? {
        let length = boundary.count
        let isSame =
            start + length <= end && boundary.withUnsafeBytes { memcmp($0.baseAddress!, bytes.baseAddress! + start, length) == 0 }
        guard isSame else {
            // Readers that cut a boundary at the 70 characters that it may have.
            guard length > 70, start + 70 <= end,
                boundary.withUnsafeBytes({ memcmp($0.baseAddress!, bytes.baseAddress! + start, 70) == 0 })
            else { return nil }
            return (false, false)
        }
        var at = start + length
        var isClose = false
        if at + 2 <= end, bytes[at] == 0x2D, bytes[at + 1] == 0x2D {
            isClose = true
            at += 2
        }
        let most = min(end, at + Self.padding)
        while at < most, isBlank(bytes[at]) { at += 1 }
        return (isClose, at >= end || bytes[at] == 0x0A || bytes[at] == 0x0D)
    }
}
