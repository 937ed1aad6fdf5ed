/// Takes messages apart. Extract implements it; Inspect asks it once per message, before the first filter that needs what it makes. Any thread.
public protocol ContentBuilder: Sendable {
    /// Takes some milliseconds a megabyte: on an event loop for small messages only. What cannot be read or exceeds a limit is a gap, never a
    /// failure; throws when what was decoded could not be kept. `spool`: where much of it goes; nil: memory.
    func content(of message: Region, needs: ContentNeeds, spool: (any BodySpool)?) throws(StoreFailure) -> MessageContent
}
