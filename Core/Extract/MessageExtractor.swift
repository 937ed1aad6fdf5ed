import MIME
import Mail

/// Takes a message apart as far as it is needed: parts, their decoded bytes, text, URLs. Any thread.
public struct MessageExtractor: ContentBuilder {
    public init() {}

    public func content(of message: Region, needs: ContentNeeds, spool: (any BodySpool)?) throws(StoreFailure) -> MessageContent {
        var extraction = Extraction(message, needs, spool)
        try extraction.takeApart()
        return try extraction.finish()
    }
}
