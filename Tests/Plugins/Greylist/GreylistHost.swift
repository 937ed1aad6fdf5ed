import CPostern
import PluginTestKit

/// A host with a state space in memory, and a clock that stands still.
final class GreylistHost: TinyHost {
    /// What a run came to.
    struct Verdict: Equatable {
        var symbols: [String] = []
        var details: [String] = []
        /// `450 4.7.1 text`.
        var deferral: String?
        var failure: String?
    }

    static var isBuilt: Bool { PluginUnderTest.library("greylist") != nil }
    private static var me: GreylistHost { current as! GreylistHost }

    /// Microseconds since 1970.
    var now: Int64 = 1_800_000_000_000_000
    var entries: [[UInt8]: (value: [UInt8], version: UInt64, expiresAt: Int64)] = [:]
    /// Of each operation from here on.
    var stateStatus: Int32?
    /// Called once before the next PUT: another session is faster.
    var beforePut: (() -> Void)?
    private(set) var puts = 0
    /// By key: when, and how much.
    private var counters: [[UInt8]: [(at: Int64, amount: UInt64)]] = [:]
    private var messages = 0
    /// What an earlier filter found.
    var earlierScore: Double?
    private var version: UInt64 = 0
    private var operation: UInt64 = 0
    private var due: [postern_completion] = []
    private var recipient: [UInt8] = []
    private let transaction = UnsafeMutablePointer<postern_transaction>.allocate(capacity: 1)

    init(settings: String = "{}") throws {
        try super.init("greylist", settings: settings)
        transaction.initialize(to: postern_transaction())
        transaction.pointee.recipient_count = 1
        transaction.pointee.recipient = { _, _, out in
            out!.pointee.address = TinyHost.keep(GreylistHost.me.recipient)
            out!.pointee.domain = TinyHost.keep("example.com".utf8)
            return POSTERN_OK
        }
        call.pointee.transaction = UnsafePointer(transaction)
        call.pointee.domain = Self.keep("example.com".utf8)
    }

    override class func service(_ id: String) -> UnsafeRawPointer? {
        switch id {
        case POSTERN_EXT_STATE:
            var state = postern_state()
            state.submit = { _, operations, count, _, ids in
                for i in 0..<Int(count) { ids![i] = GreylistHost.me.perform(operations![i]) }
                return POSTERN_OK
            }
            return UnsafeRawPointer(keep(state))
        case POSTERN_EXT_CLOCK:
            var clock = postern_clock()
            clock.now = { _ in GreylistHost.me.now }
            return UnsafeRawPointer(keep(clock))
        case POSTERN_EXT_VERDICTS:
            var verdicts = postern_verdicts()
            verdicts.verdict_count = { _ in GreylistHost.me.earlierScore == nil ? 0 : 1 }
            verdicts.verdict = { _, _, _ in POSTERN_OK }
            verdicts.finding_count = { _ in GreylistHost.me.earlierScore == nil ? 0 : 1 }
            verdicts.finding = { _, _, out in
                out!.pointee.score = GreylistHost.me.earlierScore!
                return POSTERN_OK
            }
            return UnsafeRawPointer(keep(verdicts))
        default: return nil
        }
    }

    private func perform(_ o: postern_state_operation) -> UInt64 {
        operation += 1
        var result = postern_state_result()
        let key = Self.bytes(o.key)
        if o.kind == POSTERN_STATE_PUT {
            puts += 1
            let faster = beforePut
            beforePut = nil
            faster?()
        }
        if let there = entries[key], there.expiresAt <= now { entries[key] = nil }
        let there = entries[key]
        result.version = there?.version ?? 0
        result.expires_at = there?.expiresAt ?? 0
        if let stateStatus {
            result.status = stateStatus
            result.detail = Self.keep("disk on fire".utf8)
        } else if o.kind == POSTERN_STATE_COUNT {
            var counter = counters[key] ?? []
            counter.removeAll { $0.at <= now - Int64(o.duration) }
            if o.amount > 0, let last = counter.last, last.at == now {
                counter[counter.count - 1].amount += o.amount
            } else if o.amount > 0 {
                counter.append((now, o.amount))
            }
            counters[key] = counter
            result.status = POSTERN_STATE_DONE
            result.sum = counter.reduce(0) { $0 + $1.amount }
        } else if o.kind == POSTERN_STATE_GET {
            result.status = there == nil ? POSTERN_STATE_ABSENT : POSTERN_STATE_FOUND
            result.value = Self.keep(there?.value ?? [])
        } else if o.condition == POSTERN_STATE_IF_ABSENT && there != nil
            || o.condition == POSTERN_STATE_IF_VERSION && there?.version != o.version
        {
            result.status = POSTERN_STATE_CONFLICT
            result.value = Self.keep(there?.value ?? [])
        } else {
            version += 1
            entries[key] = (Self.bytes(o.value), version, now + Int64(o.duration))
            result.status = POSTERN_STATE_DONE
            result.version = version
        }
        due.append(Self.completion(operation, Self.keep(result)))
        return operation
    }

    /// What another session writes: a letter and eight bytes.
    func write(_ kind: Unicode.Scalar, _ time: Int64, at key: [UInt8]) {
        version += 1
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: time) >> UInt64(56 - 8 * $0)) }
        entries[key] = ([UInt8(ascii: kind)] + bytes, version, now + 86_400_000_000)
    }

    private func run() -> Verdict {
        var step = start()
        while step != POSTERN_DONE, !due.isEmpty {
            let batch = due
            due = []
            step = resume(batch)
        }
        due = []
        return Verdict(
            symbols: symbols.map(\.name), details: symbols.map(\.detail), deferral: deferral,
            failure: step == POSTERN_DONE ? failure : "waits for nothing")
    }

    private func set(client: [UInt8], from: String?, to: String, flags: UInt32) {
        set(client: client)
        session.pointee.flags = flags
        session.pointee.login = Self.keep("user".utf8)
        transaction.pointee.flags = from == nil ? POSTERN_TRANSACTION_NULL_SENDER : 0
        transaction.pointee.reverse_path = Self.keep((from ?? "").utf8)
        transaction.pointee.reverse_path_domain = Self.keep((from?.split(separator: "@").last ?? "").utf8)
        recipient = Array(to.utf8)
        call.pointee.recipient = 0
    }

    func rcpt(
        _ client: [UInt8] = [192, 0, 2, 1], from: String? = "a@sender.example", to: String = "b@example.com", flags: UInt32 = 0,
        message: String? = nil
    ) -> Verdict {
        messages += 1
        transaction.pointee.queue_id = Self.keep((message ?? "message\(messages)").utf8)
        set(client: client, from: from, to: to, flags: flags)
        call.pointee.phase = POSTERN_PHASE_RCPT
        return run()
    }

    /// The delivery of outbound mail.
    func delivered(from: String, to: String) -> Verdict {
        set(client: [127, 0, 0, 1], from: from, to: to, flags: POSTERN_SESSION_OUTBOUND)
        call.pointee.phase = POSTERN_PHASE_OUTCOME
        var outcome = postern_outcome()
        outcome.size = UInt32(MemoryLayout<postern_outcome>.size)
        outcome.kind = 1
        outcome.phase = POSTERN_PHASE_OUTCOME
        return withUnsafePointer(to: outcome) {
            call.pointee.outcome = $0
            defer { call.pointee.outcome = nil }
            return run()
        }
    }
}
