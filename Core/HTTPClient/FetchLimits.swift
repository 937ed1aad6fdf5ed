import Mail

/// How much is asked at a time, and how long connections are kept.
struct FetchLimits: Sendable {
    /// Requests under way, and the bytes that they and their answers may hold: those beyond are refused.
    var fetches = ServiceBounds.http.requests
    var bytes = ServiceBounds.http.bytes
    /// To one server at a time; requests beyond wait, in order.
    var connections = 16
    /// Kept open without a request: less than most servers do, so that few close under a request.
    var idle = Duration.seconds(4)
    /// To one address, before the next is tried.
    var connect = Duration.seconds(5)
    /// Of a name, at most.
    var addresses = 4
    /// Fields of an answer's header.
    var fields = 128
}
