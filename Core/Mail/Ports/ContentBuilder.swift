/// Takes messages apart. Extract implements it; Inspect asks it once per message, before the first filter that needs what it makes.
public protocol ContentBuilder: Sendable {
    /// Takes as long as the message is large (some milliseconds a megabyte): never call it on an event loop. Never fails: what cannot be read or
    /// exceeds a limit is a gap.
    func content(of message: Region, needs: ContentNeeds) -> MessageContent
}
