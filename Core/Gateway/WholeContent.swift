import Extract
import Mail

/// Takes messages apart whole, whatever their filters need: a scan tells all of it, and filters are shown of it what they need.
struct WholeContent: ContentBuilder {
    func content(of message: Region, needs: ContentNeeds = [], spool: (any BodySpool)? = nil) throws(StoreFailure) -> MessageContent {
        try MessageExtractor().content(of: message, needs: [.parts, .text, .urls], spool: spool)
    }
}
