/// The one thread that calls libunbound. Others leave questions and cancellations in its inbox and wake it.
import CUnbound
import Glibc
import Mail
import Synchronization

/// `context`, `waits` and `places` are bound to the thread that `run` is on (before it starts: to `init`); all else is safe anywhere.
final class UnboundThread: @unchecked Sendable {
    typealias Completion = @Sendable (DNSAnswer) -> Void
    /// A question's place is free again.
    typealias Freed = @Sendable () -> Void

    /// A question's place: from submission until libunbound is done with it, even when nobody waits any more.
    private final class Place {
        let id: UInt64
        let started: ContinuousClock.Instant
        unowned let thread: UnboundThread
        /// nil: told.
        var completion: Completion?
        let freed: Freed

        init(
            id: UInt64, started: ContinuousClock.Instant, thread: UnboundThread, freed: @escaping Freed, completion: @escaping Completion
        ) {
            self.id = id
            self.started = started
            self.thread = thread
            self.freed = freed
            self.completion = completion
        }
    }

    private enum Item {
        case ask(id: UInt64, WireName, DNSType, Freed, Completion)
        case refuse(String, Completion)
        case cancel(id: UInt64)
    }

    private struct Inbox {
        var items: [Item] = []
        var lastID: UInt64 = 0
        /// Places taken, those still in the inbox included.
        var places = 0
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    private let wakeUp: Int32
    private let limit: Int
    private let timeout: Duration
    private let isAnchored: Bool
    private let metrics = DNSMetrics()
    private let handle = Mutex<pthread_t?>(nil)

    private var context: UnboundContext?
    private var waits = Waits()
    private var places: [UInt64: Place] = [:]

    init(_ options: UnboundOptions) throws(ResolverSetupError) {
        limit = max(options.questions, 1)
        timeout = options.timeout
        isAnchored = !(options.trustAnchors.isEmpty && options.trustAnchorFiles.isEmpty)
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wakeUp >= 0 else { throw ResolverSetupError("dns: no descriptor: \(String(cString: strerror(errno)))") }
        context = try UnboundContext(options)
        var thread = pthread_t()
        let me = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<UnboundThread>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, me.toOpaque())
        guard code == 0 else {
            me.release()
            throw ResolverSetupError("dns: no thread: \(String(cString: strerror(code)))")
        }
        handle.withLock { $0 = thread }
    }

    deinit { Glibc.close(wakeUp) }

    // MARK: Any thread

    func ask(_ name: WireName, _ type: DNSType, freed: @escaping Freed, _ completion: @escaping Completion) -> UInt64 {
        let refused: Completion = {
            freed()
            completion($0)
        }
        return put { inbox, id in
            guard inbox.places < limit else { return .refuse("\(limit) questions are in flight already", refused) }
            inbox.places += 1
            return .ask(id: id, name, type, freed, completion)
        } orRefuse: {
            refused
        }
    }

    func refuse(_ detail: String, _ completion: @escaping Completion) -> UInt64 {
        put { _, _ in
            .refuse(detail, completion)
        } orRefuse: {
            completion
        }
    }

    func cancel(_ id: UInt64) {
        _ = put { _, _ in
            .cancel(id: id)
        } orRefuse: {
            nil
        }
    }

    func close() {
        inbox.withLock { $0.isClosed = true }
        wake()
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let thread else { return }
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
    }

    /// Puts an item into the inbox. When the resolver is closed nobody reads it any more, so the refusal comes on the caller's thread.
    private func put(_ item: (inout Inbox, _ id: UInt64) -> Item, orRefuse completion: () -> Completion?) -> UInt64 {
        let (id, isFirst, isClosed) = inbox.withLock { inbox in
            if inbox.isClosed { return (UInt64(0), false, true) }
            inbox.lastID += 1
            inbox.items.append(item(&inbox, inbox.lastID))
            return (inbox.lastID, inbox.items.count == 1, false)
        }
        if isFirst { wake() }
        if isClosed { completion()?(DNSAnswer(status: .failed, security: .indeterminate, detail: "the resolver is closed")) }
        return id
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }

    // MARK: The thread

    private func run() {
        while true {
            let (items, isClosed) = inbox.withLock { inbox in
                defer { inbox.items = [] }
                return (inbox.items, inbox.isClosed)
            }
            for item in items { take(item) }
            while let id = waits.expireNext(at: .now) {
                tell(places[id], DNSAnswer(status: .timeout, security: .indeterminate, detail: "no answer within \(timeout)"))
            }
            if isClosed { break }
            wait()
        }
        for id in waits.removeAll() {
            tell(places[id], DNSAnswer(status: .cancelled, security: .indeterminate, detail: "the resolver was closed"))
        }
        // Ends libunbound's thread; only then may the places go, since callbacks point at them.
        context = nil
        for place in places.values { place.freed() }
        places = [:]
    }

    private func take(_ item: Item) {
        switch item {
        case .ask(let id, let name, let type, let freed, let completion): submit(id, name, type, freed, completion)
        case .refuse(let detail, let completion):
            metrics.record(.failed, took: .zero)
            completion(DNSAnswer(status: .failed, security: .indeterminate, detail: detail))
        case .cancel(let id):
            if waits.end(id) { tell(places[id], DNSAnswer(status: .cancelled, security: .indeterminate)) }
        }
    }

    private func submit(_ id: UInt64, _ name: WireName, _ type: DNSType, _ freed: @escaping Freed, _ completion: @escaping Completion) {
        let now = ContinuousClock.now
        let place = Place(id: id, started: now, thread: self, freed: freed, completion: completion)
        places[id] = place
        waits.add(id, due: now + timeout)
        let code = ub_resolve_async(
            context!.pointer, name.description, Int32(type.rawValue), 1, Unmanaged.passUnretained(place).toOpaque(),
            { data, code, result in
                defer { ub_resolve_free(result) }
                let place = Unmanaged<Place>.fromOpaque(data!).takeUnretainedValue()
                place.thread.answered(place, code, result)
            }, nil)
        if code != 0 { answered(place, code, nil) }
    }

    private func answered(_ place: Place, _ code: Int32, _ result: UnsafeMutablePointer<ub_result>?) {
        places[place.id] = nil
        inbox.withLock { $0.places -= 1 }
        place.freed()
        if waits.end(place.id) { tell(place, DNSAnswer(code, result, isAnchored: isAnchored)) }
    }

    /// Its wait must have ended.
    private func tell(_ place: Place?, _ answer: DNSAnswer) {
        guard let place, let completion = place.completion else { return }
        place.completion = nil
        metrics.record(answer.status, took: ContinuousClock.now - place.started)
        completion(answer)
    }

    /// Sleeps until libunbound has answers, the inbox has items or a question's time is over; takes the answers.
    private func wait() {
        var milliseconds: Int32 = -1
        if let due = waits.nextDeadline() {
            // Rounded up: a wake-up too early would find nothing to do.
            milliseconds = Int32(clamping: max(0, (due - .now).microseconds + 999) / 1000)
        }
        var descriptors = [
            pollfd(fd: ub_fd(context!.pointer), events: Int16(POLLIN), revents: 0), pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&descriptors, 2, milliseconds) > 0 else { return }
        if descriptors[1].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeUp, &count, 8)
        }
        if descriptors[0].revents != 0 { ub_process(context!.pointer) }
    }
}
