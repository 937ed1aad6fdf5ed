import Mail

/// A message's bytes, from 354 to the end of data.
extension ServerMachine {
    mutating func readData(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> ServerAction {
        guard let end = reader!.read(bytes) else {
            consumed = bytes.count
            return .wait
        }
        consumed = end
        state = .commands
        switch reader.take()!.finish() {
        case .success(let region):
            finished = region
            return ask(.message)
        case .failure(let failure):
            transaction = nil
            if failure.reply.isPermanent { session.errors += 1 }
            return .forget(failure.reply, isRefusal: true)
        }
    }

    /// False once the message is being dropped: its memory is free.
    public var isKeepingData: Bool {
        switch reader {
        case .some(let reader): reader.isKeeping
        case .none: false
        }
    }

    /// There is no memory for the bytes that come next: the message is read to its end and refused with 452.
    public mutating func outOfMemory() { reader?.spoil(.noMemory) }

    /// The message that `.ask(.message)` is about; once.
    public mutating func takeMessage() -> Region {
        guard let region = finished.take() else { preconditionFailure("no message to take") }
        return region
    }
}
