import CPostern

/// One phase of one session or message: what is known, what can be asked, and where findings go. Lives for one run.
public final class Call: @unchecked Sendable {
    // Sendable: used on the run's loop only. The run's executor sees to it.
    /// The gateway (or worker) that it runs in.
    public let host: Host
    let run: RunExecutor
    /// Of the run: the same memory from START to the end.
    let raw: UnsafePointer<postern_call>
    /// Of the step under way; nil between steps.
    private(set) var builder: UnsafeMutablePointer<postern_verdict_builder>?
    private var task: Task<Void, Never>?
    private var isFinished = false
    private var wasCancelled = false
    private var joinBefore: Phase?
    private var waiting: [UInt64: (CompletionSink, Int)] = [:]

    init(_ raw: UnsafePointer<postern_call>, _ host: Host) {
        self.raw = raw
        self.host = host
        run = RunExecutor()
    }

    // MARK: What is known

    public var phase: Phase { Phase(rawValue: raw.pointee.phase) ?? .connect }
    /// The configured domain on whose behalf this runs; nil at the edge.
    public var domain: String? { raw.pointee.domain.length == 0 ? nil : raw.pointee.domain.text }
    /// The name that the configuration gave to this filter.
    public var slot: String { raw.pointee.slot.text }
    public var session: Session { Session(raw.pointee.session) }
    /// From mail on.
    public var transaction: Transaction? { raw.pointee.transaction.map(Transaction.init) }
    /// For rcpt and outcome: the recipient in question.
    public var recipient: Recipient? {
        raw.pointee.recipient == POSTERN_NO_RECIPIENT ? nil : transaction?.recipient(Int(raw.pointee.recipient))
    }
    /// For data.
    public var message: Message? { raw.pointee.message.map { Message($0, of: raw) } }

    /// For outcome.
    public var outcome: Outcome? { raw.pointee.outcome.flatMap(Outcome.init) }
    /// Nobody waits for this run any more: for a filter of the class `blocking`, which asks now and then, from whatever thread works for
    /// it.
    public var isCancelled: Bool { wasCancelled || host.isCancelled(raw) }

    // MARK: Findings

    /// Adds a symbol that the manifest declares. `factor` scales the domain's weight; `part`: where it was found.
    public func add(_ symbol: String, factor: Double = 1, detail: String = "", in part: Part? = nil, recipients: [Int]? = nil) {
        guard let builder else { return }
        // One of no length is none.
        var evidence = part?.decoded ?? postern_ref()
        withMask(recipients) { mask in
            symbol.withBytes { name in
                detail.withBytes { _ = builder.pointee.add_symbol(builder, name, factor, $0, &evidence, mask) }
            }
        }
    }

    public func add(
        _ symbol: some RawRepresentable<String>, factor: Double = 1, detail: String = "", in part: Part? = nil, recipients: [Int]? = nil
    ) {
        add(symbol.rawValue, factor: factor, detail: detail, in: part, recipients: recipients)
    }

    /// Proposes an action within the manifest's rights.
    public func propose(_ action: Action, recipients: [Int]? = nil) {
        guard let builder else { return }
        withMask(recipients) { mask in
            let (kind, code, subject, detail, text) = action.parts
            text.withBytes { _ = builder.pointee.propose(builder, kind, code, subject, detail, $0, mask) }
        }
    }

    /// A header field above the message.
    public func addHeader(_ name: String, _ value: String, recipients: [Int]? = nil) {
        guard let builder else { return }
        withMask(recipients) { mask in
            name.withBytes { name in value.withBytes { _ = builder.pointee.add_header(builder, name, $0, mask) } }
        }
    }

    private func withMask(_ recipients: [Int]?, _ body: (UnsafePointer<postern_mask>?) -> Void) {
        guard let recipients else { return body(nil) }
        var words = [UInt64](repeating: 0, count: ((recipients.max() ?? -1) / 64) + 1)
        for index in recipients where index >= 0 { words[index / 64] |= 1 << UInt64(index % 64) }
        words.withUnsafeBufferPointer {
            var mask = postern_mask(words: $0.baseAddress, count: UInt32($0.count), reserved: 0)
            body(&mask)
        }
    }

    // MARK: Services

    /// Lets the session go on; the run continues and is joined before `phase`. Call it before the first await that may take long.
    public func detach(joinBefore phase: Phase) { joinBefore = phase }

    /// Asks all questions together and waits for all answers, which come in the questions' order. After cancellation: `cancelled`. What has
    /// not come `within` that time is given up: `timeout` (with a host that has no timer: never).
    public func resolve(_ questions: [DNSQuestion], within limit: Duration? = nil) async -> [DNSAnswer] {
        if questions.isEmpty { return [] }
        let answers = AnswerSink(count: questions.count)
        guard let dns = host.dns, !wasCancelled else {
            return answers.failed(wasCancelled ? .cancelled : .failed, "this host has no \(POSTERN_EXT_DNS)")
        }
        var operations = [UInt64](repeating: 0, count: questions.count)
        let status = ask(dns, questions, &operations)
        guard status == POSTERN_OK else { return answers.failed(.failed, "the host refused the questions (status \(status))") }
        for (index, operation) in operations.enumerated() { waiting[operation] = (answers, index) }
        let alarm = limit.flatMap(startTimer)
        if let alarm { waiting[alarm] = (TimeLimitSink { self.giveUp(operations, answers) }, 0) }
        await withUnsafeContinuation { answers.continuation = $0 }
        if let alarm, waiting.removeValue(forKey: alarm) != nil { host.cancel(raw, alarm) }
        return answers.answers
    }

    public func resolve(_ name: String, _ type: DNSType) async -> DNSAnswer { await resolve([DNSQuestion(name, type)])[0] }

    /// Waits; returns early when the run is cancelled. False: it did not wait, since the run is over or the host has no timer.
    @discardableResult
    public func sleep(_ duration: Duration) async -> Bool {
        guard !wasCancelled, let operation = startTimer(duration) else { return false }
        let sink = CompletionSink(count: 1)
        waiting[operation] = (sink, 0)
        await withUnsafeContinuation { sink.continuation = $0 }
        return true
    }

    private func startTimer(_ duration: Duration) -> UInt64? {
        var operation: UInt64 = 0
        guard let timer = host.timer, timer.pointee.start(raw, duration.inMicroseconds, &operation) == POSTERN_OK else { return nil }
        return operation
    }

    /// Waits until all of `operations` have ended; nil: cancelled before.
    func results<R>(of operations: [UInt64], _ read: @escaping (postern_completion) -> R) async -> [R?] {
        let sink = ResultSink(count: operations.count, read)
        if isCancelled { return sink.results }
        for (index, operation) in operations.enumerated() { waiting[operation] = (sink, index) }
        await withUnsafeContinuation { sink.continuation = $0 }
        return sink.results
    }

    private func giveUp(_ operations: [UInt64], _ answers: AnswerSink) {
        for (index, operation) in operations.enumerated() where waiting.removeValue(forKey: operation) != nil {
            host.cancel(raw, operation)
            answers.timedOut(index)
        }
    }

    /// The gateway's time in microseconds since 1970.
    public var now: Int64 { host.clock?.pointee.now(raw) ?? 0 }

    /// A line in the gateway's log, with this call's queue ID.
    public func log(_ level: LogLevel, _ text: String) { host.write(raw, level, text) }

    private func ask(
        _ dns: UnsafePointer<postern_dns>, _ questions: [DNSQuestion], _ operations: UnsafeMutablePointer<UInt64>
    ) -> postern_status {
        // All names in one block: the host copies them before it returns.
        var names: [UInt8] = []
        for question in questions { names.append(contentsOf: question.name.utf8) }
        return names.withUnsafeBufferPointer { block in
            var at = 0
            let raw = questions.map { question in
                let length = question.name.utf8.count
                defer { at += length }
                return postern_dns_question(
                    name: postern_bytes(data: block.baseAddress.map { $0 + at }, length: UInt64(length)),
                    type: UInt32(question.type.rawValue),
                    flags: 0)
            }
            let stride = UInt32(MemoryLayout<postern_dns_question>.stride)
            return dns.pointee.resolve(self.raw, raw, UInt32(raw.count), stride, operations)
        }
    }

    // MARK: Steps

    func step(
        _ call: UnsafePointer<postern_call>, _ out: UnsafeMutablePointer<postern_verdict_builder>, _ filter: any Filter
    ) -> postern_step {
        builder = out
        defer { builder = nil }
        switch call.pointee.reason {
        case POSTERN_START:
            task = Task(executorPreference: run) { await self.perform(filter) }
        case POSTERN_RESUME:
            for i in 0..<Int(call.pointee.completion_count) {
                let at = i * Int(call.pointee.completion_size)
                let completion = UnsafeRawPointer(call.pointee.completions!).load(fromByteOffset: at, as: postern_completion.self)
                guard let (sink, index) = waiting.removeValue(forKey: completion.operation) else { continue }
                sink.take(completion, index)
            }
        default:
            wasCancelled = true
            task?.cancel()
            let sinks = waiting.values
            waiting = [:]
            for (sink, index) in sinks { sink.cancel(index) }
        }
        run.drain()
        if isFinished || wasCancelled {
            task = nil
            return POSTERN_DONE
        }
        guard let joinBefore else { return POSTERN_SUSPEND }
        return POSTERN_DETACH | joinBefore.rawValue << 8
    }

    private func perform(_ filter: any Filter) async {
        do {
            switch phase {
            case .connect: try await filter.connect(self)
            case .helo: try await filter.helo(self)
            case .auth: try await filter.auth(self)
            case .mail: try await filter.mail(self)
            case .rcpt: try await filter.rcpt(self)
            case .data: try await filter.data(self)
            case .outcome: if let outcome { try await filter.outcome(self, outcome) }
            case .route: if let route { try await filter.route(self, route) }
            case .peer: if let route, let peer { try await filter.peer(self, route, peer) }
            }
        } catch {
            if let builder, !wasCancelled { "\(error)".withBytes { _ = builder.pointee.fail(builder, $0) } }
        }
        isFinished = true
    }
}
