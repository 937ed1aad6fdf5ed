/// A message's bytes: one block of memory, read-only from the moment it exists, freed with the last reference. Everything else refers to
/// it by offset and length, so that no second copy of a large message is ever made.
public final class Region: @unchecked Sendable {
    // Sendable: the memory is never written after init.
    /// Valid while the region is: whoever keeps the pointer keeps the region too (`withExtendedLifetime`), for a reference that is not
    /// used any more may go before its scope ends.
    public let bytes: UnsafeRawBufferPointer
    private let release: @Sendable () -> Void

    /// Adopts `bytes`; `release` is called once, when the last reference goes.
    public init(adopting bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
        self.bytes = bytes
        self.release = release
    }

    /// Copies `bytes`.
    public convenience init(copying bytes: some Collection<UInt8>) {
        var builder = RegionBuilder(capacity: bytes.count)
        if bytes.withContiguousStorageIfAvailable({ builder.append(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { builder.append($0) }
        }
        self.init(sealing: builder)
    }

    deinit { release() }

    public var count: Int { bytes.count }
}
