import Crypto
import MIME
import Mail

/// Decodes each leaf once: the same bytes in the same way, in several readings, are one.
struct LeafDecoder {
    private struct Key: Hashable {
        let raw: ContentRef
        let decoder: TransferDecoder
    }

    struct Leaf {
        var decoded: ContentRef
        var sha256: MessageDigest
        var flags: PartFlags
        /// From its first bytes.
        var type: String
    }

    private var known: [Key: Leaf] = [:]
    /// Bytes that may still be decoded: readings of the same bytes must not multiply a message.
    private var room: Int

    /// The first bytes, from which the type is told.
    static let head = 64 << 10

    init(size: Int) { room = 4 * size + (1 << 20) }

    /// `raw`: the bytes of `part.content.raw`.
    mutating func decode(
        _ part: MessageTree.Part, _ raw: UnsafeRawBufferPointer, into store: inout DecodedBytes, asRegion: Bool
    ) throws(StoreFailure) -> (Leaf, Region?) {
        let key = Key(raw: part.content.raw, decoder: part.decoder)
        if let leaf = known[key] { return (leaf, nil) }
        var hash = SHA256()
        var head: [UInt8] = []
        var flags: PartFlags = []
        var region: Region?
        var decoded = part.content.raw
        decoded.gaps = []
        if part.decoder == .identity {
            hash.update(bufferPointer: raw)
            head.append(contentsOf: raw.prefix(Self.head))
        } else {
            var left = room
            var hasMore = false
            func take(_ chunk: UnsafeRawBufferPointer, _ append: (UnsafeRawBufferPointer) -> Void) -> Bool {
                let chunk = UnsafeRawBufferPointer(rebasing: chunk.prefix(left))
                hasMore = chunk.count == left
                left -= chunk.count
                hash.update(bufferPointer: chunk)
                if head.count < Self.head { head.append(contentsOf: chunk.prefix(Self.head - head.count)) }
                append(chunk)
                return left > 0
            }
            if asRegion, store.hasRoomForOwn {
                let made = try store.addRegion { builder in
                    flags = part.decoder.decode(raw) { chunk in take(chunk) { builder.append($0) } }
                }
                decoded = ContentRef(region: made.number, 0..<made.region.count)
                region = made.region
            } else {
                let start = store.count
                flags = part.decoder.decode(raw) { chunk in take(chunk) { store.append($0) } }
                decoded = ContentRef(region: 1, start..<store.count)
                if let failure = store.failure { throw failure }
            }
            room = left
            if hasMore {
                flags.insert(.limit)
                decoded.gaps.formUnion([.limitHit, .truncated])
            }
        }
        let type = head.withUnsafeBytes { DetectedType.of($0) }
        let leaf = Leaf(decoded: decoded, sha256: MessageDigest(bytes: Array(hash.finalize()))!, flags: flags, type: type)
        known[key] = leaf
        return (leaf, region)
    }
}
