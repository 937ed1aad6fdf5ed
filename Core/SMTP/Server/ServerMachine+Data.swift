import Mail

/// A message's bytes: from 354 to the end of data, or in chunks (RFC 3030).
extension ServerMachine {
    mutating func readData(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> ServerAction {
        guard let end = reader!.read(bytes) else {
            consumed = bytes.count
            return .wait
        }
        consumed = end
        return endOfMessage()
    }

    private mutating func endOfMessage() -> ServerAction {
        state = .commands
        switch reader.take()!.finish() {
        case .success(let region):
            finished = region
            return ask(.message)
        case .failure(let failure):
            let replies = Array(repeating: failure.reply, count: replyCount)
            dropTransaction()
            if failure.reply.isPermanent { session.errors += 1 }
            return .forget(replies, isRefusal: true)
        }
    }

    /// At the end of a message: LMTP answers for each recipient that RCPT accepted (RFC 2033 section 4.2).
    var replyCount: Int { options.isLMTP ? max(transaction?.accepted ?? 1, 1) : 1 }

    // MARK: Chunks

    /// BDAT. Its bytes come whatever we say, so a refusal is said after them.
    mutating func chunk(size: Int, isLast: Bool) -> ServerAction {
        if size == 0, !isLast, let end = countIdleCommand() { return end }
        // Nobody needs a session that is busy with throwing away.
        if size > 2 * limits.messageSize + Self.toleratedExcess { return end(ServerReply.chunkTooLarge) }
        guard let transaction else { return discard(size, ServerReply.needMail) }
        guard transaction.accepted > 0 else {
            return discard(size, transaction.tried == 0 ? ServerReply.needRecipient : noValidRecipients)
        }
        if transaction.hasChunks {
            // A chunk was refused, and with it the message (section 4.2).
            guard reader != nil else { return discard(size, ServerReply.chunksRefused) }
            return readChunk(size, isLast: isLast)
        }
        pendingChunk = (size, isLast)
        return ask(.data(declaredSize: max(size, transaction.declaredSize ?? 0)))
    }

    private static var toleratedExcess: Int { 1 << 20 }

    /// The inspector has room.
    mutating func beginChunks(_ size: Int, isLast: Bool) -> ServerAction {
        transaction?.hasChunks = true
        reader = DataReader(
            .chunks, declaredSize: transaction?.declaredSize ?? size, limits: limits, normalizes: options.normalizesLineEnds,
            spool: spool)
        return readChunk(size, isLast: isLast)
    }

    private mutating func readChunk(_ size: Int, isLast: Bool) -> ServerAction {
        state = .chunk(left: size, size: size, isLast: isLast)
        return size == 0 ? endOfChunk(size, isLast: isLast) : .wait
    }

    mutating func discard(_ size: Int, _ reply: Reply) -> ServerAction {
        guard size > 0 else { return refuse(reply, during: .data) }
        state = .discarding(left: size, reply)
        return .wait
    }

    mutating func readChunk(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> ServerAction {
        guard bytes.count > 0 else { return .wait }
        switch state {
        case .chunk(let left, let size, let isLast):
            consumed = min(left, bytes.count)
            _ = reader!.read(UnsafeRawBufferPointer(rebasing: bytes[..<consumed]))
            if consumed == left { return endOfChunk(size, isLast: isLast) }
            state = .chunk(left: left - consumed, size: size, isLast: isLast)
            return .wait
        case .discarding(let left, let reply):
            consumed = min(left, bytes.count)
            if consumed == left {
                state = .commands
                return refuse(reply, during: .data)
            }
            state = .discarding(left: left - consumed, reply)
            return .wait
        default: preconditionFailure("a chunk's bytes in another state")
        }
    }

    private mutating func endOfChunk(_ size: Int, isLast: Bool) -> ServerAction {
        state = .commands
        if isLast { return endOfMessage() }
        // What cannot become a message is said at once, so that the client need not send the rest.
        if let reply = refusalOfData {
            reader = nil
            if reply.isPermanent { session.errors += 1 }
            return .refuse(reply, during: .data)
        }
        return .reply(Reply(.ok, "\(size) octets received"))
    }

    private var refusalOfData: Reply? {
        switch reader {
        case .some(let reader): reader.refusal
        case .none: nil
        }
    }

    // MARK: For the driver

    /// False once the message is being dropped: its memory is free.
    public var isKeepingData: Bool {
        switch reader {
        case .some(let reader): reader.isKeeping
        case .none: false
        }
    }

    /// Bytes of memory that the message takes now; none once it was taken.
    public var keptBytes: Int {
        switch reader {
        case .some(let reader): reader.keptBytes
        case .none: finished?.memory ?? 0
        }
    }

    /// Those of them that hold nothing yet.
    public var spareBytes: Int {
        switch reader {
        case .some(let reader): reader.spareBytes
        case .none: 0
        }
    }

    /// A message is coming in chunks.
    public var isAmongChunks: Bool { transaction?.hasChunks == true }

    /// There is no memory for the bytes that come next: the message is read to its end and refused with 452.
    public mutating func outOfMemory() { reader?.spoil(.noMemory) }

    /// The message that `.ask(.message)` is about; once.
    public mutating func takeMessage() -> Region {
        guard let region = finished.take() else { preconditionFailure("no message to take") }
        return region
    }
}
