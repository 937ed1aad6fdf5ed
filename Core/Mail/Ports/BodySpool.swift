/// Takes large messages out of memory while they arrive: each into a file that is the message's region from its first byte on. Any thread.
public protocol BodySpool: Sendable {
    /// An empty file without a name. It goes with the last reference to it and to its region, unless a store has named it; so whatever becomes of
    /// the message or of the process, nothing is left behind. Throws what `append` throws.
    func makeFile() throws(StoreFailure) -> any SpoolFile
}

/// A file that is being written, then read. One thread at a time.
public protocol SpoolFile: RegionFile {
    /// Throws `.full` when there is no space (the store's own reserve is kept), and after that always.
    func append(_ bytes: UnsafeRawBufferPointer) throws(StoreFailure)
    /// All that was appended, read-only and mapped: no byte of it is counted as memory. Once.
    func seal() throws(StoreFailure) -> Region
}
