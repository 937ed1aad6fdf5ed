/// The file, named or not, that holds a region's bytes. Any thread.
public protocol RegionFile: AnyObject, Sendable {
    /// A new descriptor by which nothing can be written, for another process; the caller closes it. nil: none can be had.
    func openReadOnly() -> Int32?
}
