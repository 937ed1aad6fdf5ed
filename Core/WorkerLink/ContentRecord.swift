import Mail

/// What a message consists of, as all workers are shown it: written once, whichever of them it goes to first.
public enum ContentRecord {
    /// Longer ones are sealed memory, which goes by its descriptor.
    static let mostInline = 64 << 10

    /// All of it, whatever `content` shows. Takes milliseconds where there are thousands of parts; later ones nothing.
    public static func of(_ content: MessageContent) -> Region {
        content.record { whole in
            var writer = WireWriter(capacity: 256 + 192 * (whole.parts.count + whole.texts.count + whole.urls.count))
            writer.content(whole)
            if writer.bytes.count > mostInline, let sealed = try? SealedMemory.region(writer.bytes) { return sealed }
            return Region(copying: writer.bytes)
        }
    }

    /// - Parameter regions: what its refs point into.
    public static func read(_ record: Region, regions: [Region]) throws(WireFault) -> MessageContent {
        var reader = WireReader(withExtendedLifetime(record) { Array(record.bytes) })
        let content = try reader.content(regions)
        try reader.end()
        return content
    }
}

extension ReceivedMessage {
    /// What a worker is shown beside the call's facts: the bytes by their numbers, and behind them, where there is content, its record.
    public var shown: [Region] { regions + (content.map { [ContentRecord.of($0)] } ?? []) }
}
