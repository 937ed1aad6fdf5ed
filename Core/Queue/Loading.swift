import Mail

/// How far a gateway is that takes up what the last run left.
public struct LoadProgress: Hashable, Sendable {
    /// Taken up so far.
    public var messages: Int
    /// Why it does not go on for now.
    public var failure: String?
}

/// What the last run left is read page by page, beside the mail that comes: each page is delivered at once. It ends at the highest queue ID of
/// the start, since the queue is given whatever is accepted later; so nothing is loaded twice and nothing is missed. A copy that an operator
/// changes before its page comes is loaded as he has left it; one whose page was just being read leads to a look at the store, no more.
struct Loading: Sendable {
    /// Those of an operator who means whatever waits.
    struct Flush: Sendable {
        var domain: String?
        var time: Timestamp
        var count: Int
        var completion: DeliveryQueue.Counted

        func concerns(_ destination: Destination?) -> Bool { domain.map { destination?.concerns($0) ?? false } ?? true }
    }

    /// Copies of one page: some 7 ms of the loop in a debug build.
    static let page = 1000

    /// The last message.
    let last: QueueID
    let completion: @Sendable (Result<Int, StoreFailure>) -> Void
    var position: WaitingCopy?
    /// Begun so far.
    var messages = 0
    var isReading = false
    var flushes: [Flush] = []

    /// Its copies may not be known yet.
    func isToCome(_ id: QueueID) -> Bool { id <= last && id >= position?.queueID ?? id }
}

extension DeliveryQueue {
    /// nil: all that the last run left is taken up. Any thread.
    public var loadProgress: LoadProgress? { progress.withLock { $0 } }

    /// Takes up again everything that the store has queued or held now. The completion (on the loop) says how many messages at the end, or that
    /// a stop came before. What cannot be read is tried again until it can.
    public func start(completion: @escaping @Sendable (Result<Int, StoreFailure>) -> Void) {
        let last = store.highestQueueID
        progress.withLock { $0 = LoadProgress(messages: 0) }
        loop.execute { [self] in
            loading = Loading(last: last, completion: completion)
            load()
        }
    }

    private func load() {
        guard loading != nil else { return }
        loading!.isReading = true
        store.waiting(after: loading!.position, limit: Loading.page) { [self] result in
            loop.execute { [self] in
                loading!.isReading = false
                if core.isStopping {
                    stopLoading()
                    return stopIfIdle()
                }
                switch result {
                case .failure(let failure): wait(for: failure)
                case .success(let copies): add(copies)
                }
            }
        }
    }

    private func wait(for failure: StoreFailure) {
        log.write(MailEvent("unread", [("said", .text(failure.text)), ("loaded", .integer(loading!.messages))]))
        progress.withLock { $0?.failure = failure.text }
        // Whoever waits for the end should not wait for this.
        for flush in loading!.flushes { flush.completion(.failure(failure)) }
        loading!.flushes = []
        _ = loop.schedule(after: Self.readRetry) { [self] in loop.run { [self] in load() } }
    }

    /// A page.
    private func add(_ page: [WaitingCopy]) {
        let copies = page.prefix { $0.queueID <= loading!.last }
        let policy = policy.current
        let latest = latest(policy.queue)
        for copy in copies {
            if copy.queueID != loading!.position?.queueID { loading!.messages += 1 }
            loading!.position = copy
            let destination = copy.isHeld ? nil : Destination(of: copy, by: policy)
            var due = min(queueTime(copy.nextAttempt), latest)
            let flushes = loading!.flushes.indices.filter { loading!.flushes[$0].concerns(destination) }
            for flush in flushes { due = min(due, loading!.flushes[flush].time) }
            if core.add(copy.queueID, to: destination, due: due, isLoaded: true) {
                for flush in flushes { loading!.flushes[flush].count += 1 }
            }
        }
        pump()
        guard copies.isEmpty || copies.count < page.count else {
            progress.withLock { $0 = LoadProgress(messages: loading!.messages) }
            return load()
        }
        finish(.success(loading!.messages))
    }

    /// Leaves the rest to the next start. A page that is just being read is waited for.
    func stopLoading() {
        guard let loading, !loading.isReading else { return }
        finish(.failure(StoreFailure(.unavailable, "stopped while the queue was loaded: the next start takes up the rest")))
    }

    private func finish(_ result: Result<Int, StoreFailure>) {
        guard let ended = loading else { return }
        loading = nil
        progress.withLock { $0 = nil }
        for flush in ended.flushes { flush.completion(.success(flush.count)) }
        ended.completion(result)
    }
}
