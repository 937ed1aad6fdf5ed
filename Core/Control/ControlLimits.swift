import NIOCore

/// Every limit of the admin API with its reason.
public enum ControlLimits {
    /// Entries of one page: a listing of a long queue comes in pieces, none of which holds much memory.
    public static let pageSize = 500
    /// Messages that are looked at for one request with a filter: so long is the longest step of an operation on a long queue.
    public static let examined = 1000
    /// Bytes of a request's body. No request has one; more than this is refused unread.
    public static let requestBody = 16 << 10
    /// Bytes of a request's head and of each of its fields.
    public static let requestHead = 16 << 10
    /// Bytes of an answer that a client takes: a page of entries with a thousand recipients each is below it.
    public static let response = 64 << 20
    /// The same for a message: the largest that can be configured.
    public static let message = 2 << 30
    /// How long the server keeps a silent connection.
    public static let idle = TimeAmount.seconds(60)
    /// How long a client waits for the whole answer: a reload reads files and loads plugins.
    public static let answer = Duration.seconds(60)
    /// How long each event loop may take to say what is in flight; one that does not answer is told of.
    public static let survey = Duration.seconds(2)
    /// How long requests under way may take when the gateway stops.
    public static let drain = Duration.seconds(3)
    /// Open connections; the API is for operators and balancers, not for the world.
    public static let connections = 256
    /// Bytes of a socket's path: `sun_path` of unix(7) without its final NUL.
    public static let socketPath = 107
}
