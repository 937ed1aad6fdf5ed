/// What became of an `HTTPRequest`.
public struct HTTPAnswer: Hashable, Sendable {
    public var status: Status
    /// 200 to 599 when answered.
    public var code = 0
    public var headers: [HTTPHeader] = []
    /// Without transfer coding.
    public var body: [UInt8] = []
    /// The body goes on.
    public var isTruncated = false
    /// Why there is no answer.
    public var detail = ""

    public init(_ status: Status, detail: String = "") {
        self.status = status
        self.detail = detail
    }

    public enum Status: Int32, Sendable, CaseIterable {
        /// By the server, whatever its code.
        case answered = 0
        case failed = 1
        case timeout = 2
        /// Not asked at all.
        case refused = 3
    }
}
