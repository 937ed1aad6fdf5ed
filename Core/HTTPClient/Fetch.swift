import Mail
import NIOCore

/// One request: from its start to its one answer. Bound to its server's loop, but for `cancel`.
final class Fetch: HTTPFetch, @unchecked Sendable {
    // Sendable: everything mutable is bound to `loop`.
    let request: HTTPRequest
    let reach: HTTPReach
    let loop: any EventLoop
    private var completion: (@Sendable (HTTPAnswer) -> Void)?
    private var deadline: Scheduled<Void>?
    /// The connection that it is on, or that is made for it.
    var connection: FetchConnection?
    /// It was sent over a kept connection that was dead: only once.
    var hasBeenSentAgain = false

    init(_ request: HTTPRequest, reach: HTTPReach, loop: any EventLoop, completion: @escaping @Sendable (HTTPAnswer) -> Void) {
        self.request = request
        self.reach = reach
        self.loop = loop
        self.completion = completion
    }

    var hasEnded: Bool { completion == nil }

    func begin() {
        deadline = loop.scheduleTask(in: .nanoseconds(request.timeout.microseconds * 1000)) { [self] in
            end(HTTPAnswer(.timeout, detail: "no answer from \(request.url.origin) within \(request.timeout)"))
        }
    }

    func cancel() {
        loop.execute { [self] in end(HTTPAnswer(.failed, detail: "given up")) }
    }

    /// The first end counts. A connection that is still at it is closed.
    func end(_ answer: HTTPAnswer) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        deadline = nil
        let connection = self.connection
        self.connection = nil
        connection?.abandoned(by: self)
        completion(answer)
    }
}
