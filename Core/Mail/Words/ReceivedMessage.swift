/// A message whose end of data has come: sealed, nothing in it changes any more.
public struct ReceivedMessage: Sendable {
    public var queueID: QueueID
    public var session: SessionFacts
    public var envelope: Envelope
    /// Header and body as they came, dot-unstuffed, forged trace headers of ours removed; CR LF line ends.
    public var region: Region
    public var receivedAt: Timestamp
    /// What it consists of; nil: no filter needs it.
    public var content: MessageContent?
    /// Of the bytes as they came; nil where nobody keeps an in-flight journal.
    public var digest: MessageDigest?

    /// What filters are shown of it, by number: `ContentRef.region`.
    public var regions: [Region] { content?.regions ?? [region] }

    public init(queueID: QueueID, session: SessionFacts, envelope: Envelope, region: Region, receivedAt: Timestamp) {
        self.queueID = queueID
        self.session = session
        self.envelope = envelope
        self.region = region
        self.receivedAt = receivedAt
    }
}
