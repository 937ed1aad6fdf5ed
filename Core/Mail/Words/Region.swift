/// A message's bytes: one block, read-only from the moment it exists, gone with the last reference. Up to 256 KiB it is memory, above that a mapped
/// file. Everything else refers to it by offset and length, so that no second copy of a large message is ever made.
public final class Region: @unchecked Sendable {
    // Sendable: the bytes are never written after init.
    /// Valid while the region is: whoever keeps the pointer keeps the region too (`withExtendedLifetime`), for a reference that is not
    /// used any more may go before its scope ends.
    public let bytes: UnsafeRawBufferPointer
    /// Bytes of memory that it takes; 0 for a mapped file, whose pages come when they are needed and go when memory is short.
    public let memory: Int
    /// The file that holds exactly these bytes, while it has no name: a store names it instead of copying it.
    public let file: (any RegionFile)?
    private let release: @Sendable () -> Void

    /// Adopts `bytes`; `release` is called once, when the last reference goes. `memory` nil: as many as the bytes.
    public init(
        adopting bytes: UnsafeRawBufferPointer, memory: Int? = nil, file: (any RegionFile)? = nil, release: @escaping @Sendable () -> Void
    ) {
        self.bytes = bytes
        self.memory = memory ?? bytes.count
        self.file = file
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
