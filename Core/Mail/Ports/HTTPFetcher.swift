/// Asks HTTP servers on behalf of filters. HTTPClient implements it. Any thread; the completion comes once, on any thread, possibly before this
/// returns, and must be short.
public protocol HTTPFetcher: Sendable {
    /// Whether the filter may ask that server is for the caller to know: `Egress`.
    @discardableResult
    func fetch(_ request: HTTPRequest, reach: HTTPReach, completion: @escaping @Sendable (HTTPAnswer) -> Void) -> any HTTPFetch
}

/// A request under way.
public protocol HTTPFetch: Sendable {
    /// Its connection is closed; the completion comes as `.failed`, unless it has come.
    func cancel()
}

/// Which addresses a name may lead to.
public enum HTTPReach: Hashable, Sendable {
    /// The operator named the server, or the plugin its address.
    case anyAddress
    /// Not this machine, no private network: whoever owns the name chose the address.
    case publicAddresses
}

/// Asks nobody: for processes without a network.
public struct NoHTTPFetcher: HTTPFetcher {
    private struct Ended: HTTPFetch { func cancel() {} }
    public init() {}
    public func fetch(_ request: HTTPRequest, reach: HTTPReach, completion: @escaping @Sendable (HTTPAnswer) -> Void) -> any HTTPFetch {
        completion(HTTPAnswer(.refused, detail: "this process asks no HTTP server"))
        return Ended()
    }
}
