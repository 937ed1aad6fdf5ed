import Mail

/// A line of a message's history.
public struct ReceiptRecord: Codable, Hashable, Sendable {
    /// RFC 3339.
    public var time: String
    /// `inspected`, `attempt`, `released`, ...
    public var kind: String
    /// What happened, by kind. May hold a peer's words: escape it before printing.
    public var json: JSONValue

    /// Text in the receipt that is no JSON is kept as a string: a trace shows what there is.
    public init(_ receipt: Receipt) {
        time = CivilTime(receipt.time).rfc3339
        kind = receipt.kind
        json = (try? ControlJSON.decode(JSONValue.self, Array(receipt.json.utf8))) ?? .string(receipt.json)
    }
}
