/// The gateway's resolver: libunbound, asynchronous, caching, with DNSSEC status.
///
/// Any thread may ask; completions come on the resolver's own thread and must be short. Errors of setup throw; an error of a question is its
/// answer. `close` (or the end of the last reference) answers what is open with `.cancelled`.
import Mail

public final class UnboundResolver: Resolver {
    private let thread: UnboundThread

    /// Throws when an option is wrong; the text says which.
    public init(_ options: UnboundOptions) throws(ResolverSetupError) { thread = try UnboundThread(options) }

    deinit { thread.close() }

    @discardableResult
    public func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        resolve(question, freed: {}, completion: completion)
    }

    @discardableResult
    public func resolve(
        _ question: DNSQuestion, freed: @escaping @Sendable () -> Void, completion: @escaping @Sendable (DNSAnswer) -> Void
    ) -> any DNSQuery {
        let name: WireName
        do {
            name = try WireName(question.name)
        } catch {
            // Names come from mail: this is a peer's mistake, not ours.
            freed()
            return UnboundQuery(id: thread.refuse("not a domain name: \(error)", completion), thread: thread)
        }
        return UnboundQuery(id: thread.ask(name, question.type, freed: freed, completion), thread: thread)
    }

    /// Answers what is open with `.cancelled` and ends the thread; waits for it unless called on it. Later questions fail.
    public func close() { thread.close() }
}

/// A question put to `UnboundResolver`.
struct UnboundQuery: DNSQuery {
    let id: UInt64
    let thread: UnboundThread

    func cancel() { thread.cancel(id) }
}
