/// Listening sockets that outlive the process that opened them: Receive opens and closes its own descriptors, somebody else keeps duplicates,
/// so that connections wait instead of being refused while no gateway runs. Any thread.
public protocol ListeningSockets: Sendable {
    /// The descriptor of a socket that already listens under `name`, now the caller's to close; nil: there is none, open one.
    func take(_ name: String) -> Int32?
    /// A socket listens under `name` now. The descriptor stays the caller's.
    func keep(_ name: String, _ descriptor: Int32)
}

/// Nobody keeps them: they close with the process.
public struct UnkeptSockets: ListeningSockets {
    public init() {}
    public func take(_ name: String) -> Int32? { nil }
    public func keep(_ name: String, _ descriptor: Int32) {}
}
