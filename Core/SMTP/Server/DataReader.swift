import func Glibc.memchr
import Mail

/// Reads a message's bytes, in runs, in one pass over any split: after DATA up to CR LF . CR LF (RFC 5321 section 4.5.2), taking the stuffed
/// dots away, or the bytes of BDAT's chunks (RFC 3030), where a dot is a dot. Only that sequence, or the last chunk, ends a message. A CR or LF
/// that stands alone spoils the message, which is read to its true end, then refused, so that no two servers can disagree about where it ended
/// (SMTP smuggling); or it becomes CR LF, which ends a line and never the message. A NUL spoils it too, since some servers drop it.
struct DataReader: ~Copyable {
    enum Framing { case dot, chunks }
    /// `noMemory`: neither there nor in the spool.
    enum Fault: Hashable, Sendable { case bareLineEnd, nul, tooLarge, lineTooLong, noMemory }

    private enum State {
        /// Right after CR LF (or at the very start). Next: lineDot, text.
        case lineStart
        /// A dot began the line; it is not kept. Next: lineDotCR, text.
        case lineDot
        /// A dot and a CR began the line; not kept. Next: the end, or text after a CR that stands alone.
        case lineDotCR
        /// Inside a line, or after a line end that is none on the wire. Next: textCR.
        case text
        /// A CR inside a line, kept. Next: lineStart, or text after a CR that stands alone.
        case textCR
    }

    private var state = State.lineStart
    /// nil from the first fault on: the rest is read and dropped.
    private var body: RegionBuilder?
    private(set) var fault: Fault?
    private var lineLength = 0
    private let framing: Framing
    private let normalizes: Bool
    private let longestLine: Int
    private let largestMessage: Int

    /// `spool`: for messages too large for memory; nil: all stay there.
    init(
        _ framing: Framing = .dot, declaredSize: Int?, limits: Limits, normalizes: Bool = false, spool: (any BodySpool)? = nil
    ) {
        self.framing = framing
        self.normalizes = normalizes
        longestLine = limits.textLine
        largestMessage = limits.messageSize
        body = RegionBuilder(capacity: declaredSize ?? 0, spool: spool)
    }

    /// True while bytes are being kept.
    var isKeeping: Bool { fault == nil }

    /// Bytes of memory that it takes.
    var keptBytes: Int {
        switch body {
        case .some(let body): body.memory
        case .none: 0
        }
    }

    /// Those of them that hold nothing yet.
    var spareBytes: Int {
        switch body {
        case .some(let body): body.spare
        case .none: 0
        }
    }

    private var isSpoolFull: Bool {
        switch body {
        case .some(let body): body.failure != nil
        case .none: false
        }
    }

    /// What it would be refused with if it ended now.
    var refusal: Reply? { fault.map { DataFault(fault: $0).reply } }

    mutating func spoil(_ reason: Fault) {
        guard fault == nil else { return }
        fault = reason
        body = nil
    }

    /// The number of bytes up to and including the end of data, or nil when all are read and it has not come. Chunks never end here.
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
                if framing == .dot, bytes[at] == UInt8(ascii: ".") {
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
                // The dot was stuffing then, and its line is empty.
                if normalizes { keepLineEnd() } else { spoil(.bareLineEnd) }
                state = .text
            case .textCR:
                if bytes[at] == UInt8(ascii: "\n") {
                    at += 1
                    if lineLength > longestLine { spoil(.lineTooLong) }
                    state = .lineStart
                } else {
                    if normalizes {
                        keep(bytes, run..<at)
                        run = at
                        completeLineEnd()
                    } else {
                        spoil(.bareLineEnd)
                    }
                    state = .text
                }
            case .text:
                if lineFeed < at { lineFeed = memchr(base + at, 0x0A, count - at).map { base.distance(to: $0) } ?? count }
                if let carriageReturn = memchr(base + at, 0x0D, lineFeed - at).map({ base.distance(to: $0) }) {
                    lineLength += carriageReturn - at
                    at = carriageReturn + 1
                    state = .textCR
                } else if lineFeed < count {
                    lineLength += lineFeed - at
                    if normalizes {
                        keep(bytes, run..<lineFeed)
                        run = lineFeed + 1
                        keepLineEnd()
                    } else {
                        spoil(.bareLineEnd)
                    }
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
        if isSpoolFull { spoil(.noMemory) }
    }

    /// A line end where only half of one came. It ends the text line, but the wire's line goes on: what follows can be no end of data.
    private mutating func keepLineEnd() {
        keepByte(UInt8(ascii: "\r"))
        completeLineEnd()
    }

    private mutating func completeLineEnd() {
        keepByte(UInt8(ascii: "\n"))
        if lineLength > longestLine { spoil(.lineTooLong) }
        lineLength = 0
    }

    private mutating func keepByte(_ byte: UInt8) {
        guard fault == nil, let kept = body?.count else { return }
        guard kept < largestMessage else { return spoil(.tooLarge) }
        body?.append(byte)
        if isSpoolFull { spoil(.noMemory) }
    }

    /// The message, or why there is none. A last line without its end gets one: after DATA that cannot be, and a next hop would add it anyway.
    consuming func finish() -> Result<Region, DataFault> {
        if framing == .chunks {
            switch state {
            case .textCR: if normalizes { completeLineEnd() } else { spoil(.bareLineEnd) }
            case .text:
                if lineLength > longestLine { spoil(.lineTooLong) }
                if lineLength > 0 { keepLineEnd() }
            case .lineStart, .lineDot, .lineDotCR: break
            }
        }
        guard fault == nil, let body = body.take() else { return .failure(DataFault(fault: fault ?? .noMemory)) }
        do throws(StoreFailure) { return .success(try body.seal()) } catch { return .failure(DataFault(fault: .noMemory)) }
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
