import func Glibc.memchr
import Mail

/// Reads a message's bytes after DATA up to CR LF . CR LF (RFC 5321 section 4.5.2): takes away the stuffed dots while it copies, in runs, in
/// one pass over any split. Only that sequence ends a message. A CR or LF that stands alone spoils the message: it is read to its true end,
/// then refused, so that no two servers can disagree about where it ended (SMTP smuggling). So does a NUL, which some servers drop.
struct DataReader: ~Copyable {
    enum Fault: Hashable, Sendable { case bareLineEnd, nul, tooLarge, lineTooLong, noMemory }

    private enum State {
        /// Right after CR LF (or at the very start). Next: lineDot, text.
        case lineStart
        /// A dot began the line; it is not kept. Next: lineDotCR, text.
        case lineDot
        /// A dot and a CR began the line; not kept. Next: the end, or text after a fault.
        case lineDotCR
        /// Inside a line. Next: textCR.
        case text
        /// A CR inside a line, kept. Next: lineStart, or text after a fault.
        case textCR
    }

    private var state = State.lineStart
    /// nil from the first fault on: the rest is read and dropped.
    private var body: RegionBuilder?
    private(set) var fault: Fault?
    private var lineLength = 0
    private let longestLine: Int
    private let largestMessage: Int

    init(declaredSize: Int?, limits: Limits) {
        longestLine = limits.textLine
        largestMessage = limits.messageSize
        body = RegionBuilder(capacity: declaredSize ?? 0)
    }

    /// True while bytes are being kept.
    var isKeeping: Bool { fault == nil }

    mutating func spoil(_ reason: Fault) {
        guard fault == nil else { return }
        fault = reason
        body = nil
    }

    /// The number of bytes up to and including the end of data, or nil when all are read and it has not come.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let count = bytes.count
        var at = 0
        /// Start of what is to be kept and not yet copied.
        var run = 0
        /// The next LF from `at` on, once looked for; kept, so that a flood of CR costs one pass too.
        var lineFeed = -1
        while at < count {
            switch state {
            case .lineStart:
                lineLength = 0
                if bytes[at] == UInt8(ascii: ".") {
                    keep(bytes, run..<at)
                    at += 1
                    run = at
                    state = .lineDot
                } else {
                    state = .text
                }
            case .lineDot:
                if bytes[at] == UInt8(ascii: "\r") {
                    at += 1
                    run = at
                    state = .lineDotCR
                } else {
                    state = .text
                }
            case .lineDotCR:
                if bytes[at] == UInt8(ascii: "\n") { return at + 1 }
                spoil(.bareLineEnd)
                state = .text
            case .textCR:
                if bytes[at] == UInt8(ascii: "\n") {
                    at += 1
                    if lineLength > longestLine { spoil(.lineTooLong) }
                    state = .lineStart
                } else {
                    spoil(.bareLineEnd)
                    state = .text
                }
            case .text:
                if lineFeed < at { lineFeed = memchr(base + at, 0x0A, count - at).map { base.distance(to: $0) } ?? count }
                if let carriageReturn = memchr(base + at, 0x0D, lineFeed - at).map({ base.distance(to: $0) }) {
                    lineLength += carriageReturn - at
                    at = carriageReturn + 1
                    state = .textCR
                } else if lineFeed < count {
                    spoil(.bareLineEnd)
                    at = lineFeed + 1
                } else {
                    lineLength += count - at
                    at = count
                }
            }
        }
        keep(bytes, run..<count)
        return nil
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard fault == nil, !range.isEmpty, let kept = body?.count else { return }
        guard kept + range.count <= largestMessage else { return spoil(.tooLarge) }
        guard memchr(bytes.baseAddress! + range.lowerBound, 0, range.count) == nil else { return spoil(.nul) }
        body?.append(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// The message, or why there is none.
    consuming func finish() -> Result<Region, DataFault> {
        guard fault == nil, let body = body.take() else { return .failure(DataFault(fault: fault ?? .noMemory)) }
        return .success(Region(sealing: body))
    }
}

/// Why a message is refused although its end came.
struct DataFault: Error {
    var fault: DataReader.Fault

    var reply: Reply {
        switch fault {
        case .bareLineEnd: ServerReply.bareLineEnd
        case .nul: ServerReply.nul
        case .tooLarge: ServerReply.messageTooLarge
        case .lineTooLong: ServerReply.textLineTooLong
        case .noMemory: ServerReply.insufficientStorage
        }
    }
}
