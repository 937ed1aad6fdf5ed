import Crypto
import MIME
import Mail

/// Decodes each leaf once: the same bytes in the same way, in several readings, are one.
struct LeafDecoder {
    private struct Key: Hashable {
        let raw: ContentRef
        let decoder: TransferDecoder
        /// The same bytes are rendered, or taken apart, as each type that readers take them for.
        let type: String
        let charset: String

        init(_ part: MessageTree.Part) {
            raw = part.content.raw
            decoder = part.decoder
            type = part.content.declaredType
            charset = part.content.charset
        }
    }

    struct Leaf {
        var decoded: ContentRef
        /// nil where none is asked for.
        var sha256: MessageDigest?
        var flags: PartFlags
        /// From its first bytes.
        var type: String
        /// Its first bytes: of text, all that is rendered.
        var head: [UInt8]
        /// Where it was decoded into a region of its own.
        var region: Region?
    }

    private var known: [Key: Leaf] = [:]
    /// Bytes that may still be decoded: readings of the same bytes must not multiply a message.
    private var room: Int

    /// From so many the type is told.
    static let typeBytes = 64 << 10
    /// Of text, so many are rendered.
    static let textBytes = 8 << 20

    private let isHashed: Bool

    /// `isHashed`: SHA-256 is asked for.
    init(size: Int, isHashed: Bool) {
        room = 4 * size + (1 << 20)
        self.isHashed = isHashed
    }

    /// What these bytes were decoded to before; without `head` and `region`.
    func known(_ part: MessageTree.Part) -> Leaf? { known[Key(part)] }

    /// `raw`: the part's bytes. `asRegion`: they will be taken apart. `isText`: they will be rendered.
    mutating func decode(
        _ part: MessageTree.Part, _ raw: UnsafeRawBufferPointer, into store: inout DecodedBytes, asRegion: Bool, isText: Bool
    ) throws(StoreFailure) -> Leaf {
        var hash = isHashed ? SHA256() : nil
        var head: [UInt8] = []
        let headBytes = isText ? Self.textBytes : Self.typeBytes
        var flags: PartFlags = []
        var region: Region?
        var decoded = ContentRef(region: part.content.raw.region, part.content.raw.range)
        if part.decoder == .identity {
            hash?.update(bufferPointer: raw)
            head.append(contentsOf: raw.prefix(headBytes))
        } else {
            // Nothing decodes to more; what is short is not worth the growing.
            head.reserveCapacity(min(raw.count, headBytes, 256 << 10))
            var left = room
            var isCut = false
            func take(_ chunk: UnsafeRawBufferPointer, _ append: (UnsafeRawBufferPointer) -> Void) -> Bool {
                if chunk.count > left { isCut = true }
                let chunk = UnsafeRawBufferPointer(rebasing: chunk.prefix(left))
                left -= chunk.count
                hash?.update(bufferPointer: chunk)
                if head.count < headBytes { head.append(contentsOf: chunk.prefix(headBytes - head.count)) }
                append(chunk)
                return !isCut
            }
            if asRegion, store.hasRoomForOwn {
                let made = try store.addRegion { builder in
                    flags = part.decoder.decode(raw) { chunk in take(chunk) { builder.append($0) } }
                }
                decoded = ContentRef(region: made.number, 0..<made.region.count)
                region = made.region
            } else {
                let start = store.begin()
                flags = part.decoder.decode(raw) { chunk in take(chunk) { store.append($0) } }
                decoded = ContentRef(region: 1, start..<store.count)
                if let failure = store.failure { throw failure }
            }
            room = left
            if isCut {
                flags.insert(.limit)
                decoded.gaps = [.limitHit, .truncated]
            }
        }
        let type = head.withUnsafeBytes { DetectedType.of(UnsafeRawBufferPointer(rebasing: $0.prefix(Self.typeBytes))) }
        let digest = hash.map { $0.finalize().withUnsafeBytes { MessageDigest(bytes: $0)! } }
        var leaf = Leaf(decoded: decoded, sha256: digest, flags: flags, type: type, head: [])
        known[Key(part)] = leaf
        leaf.head = head
        leaf.region = region
        return leaf
    }
}
