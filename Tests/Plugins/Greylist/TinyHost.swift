import CPostern
import Foundation
import Glibc

/// A host of one run at a time: the ABI's tables, a state space in memory, a clock that stands still. One at a time, on one thread.
final class TinyHost {
    struct Refused: Error, Equatable { var text: String }

    /// What a run came to.
    struct Verdict: Equatable {
        var symbols: [String] = []
        var details: [String] = []
        /// `450 4.7.1 text`.
        var deferral: String?
        var failure: String?
    }

    private static let library =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/libgreylist.so"
    static var isBuilt: Bool { FileManager.default.fileExists(atPath: library) }
    /// Whom C's callbacks mean.
    nonisolated(unsafe) private static var current: TinyHost!

    /// Microseconds since 1970.
    var now: Int64 = 1_800_000_000_000_000
    var entries: [[UInt8]: (value: [UInt8], version: UInt64, expiresAt: Int64)] = [:]
    /// Of each operation from here on.
    var stateStatus: Int32?
    /// Called once before the next PUT: another session is faster.
    var beforePut: (() -> Void)?
    private(set) var puts = 0
    /// What an earlier filter found.
    var earlierScore: Double?
    private var verdict = Verdict()
    private var version: UInt64 = 0
    private var operation: UInt64 = 0
    private var due: [postern_completion] = []
    private var problems: [String] = []
    private let plugin: UnsafePointer<postern_plugin>
    private var instance: OpaquePointer?
    private var frame: UnsafeMutableRawPointer?
    private let call = UnsafeMutablePointer<postern_call>.allocate(capacity: 1)
    private let session = UnsafeMutablePointer<postern_session>.allocate(capacity: 1)
    private let transaction = UnsafeMutablePointer<postern_transaction>.allocate(capacity: 1)
    private let host = UnsafeMutablePointer<postern_host>.allocate(capacity: 1)
    private let state = UnsafeMutablePointer<postern_state>.allocate(capacity: 1)
    private let clock = UnsafeMutablePointer<postern_clock>.allocate(capacity: 1)
    private let verdicts = UnsafeMutablePointer<postern_verdicts>.allocate(capacity: 1)
    private let builder = UnsafeMutablePointer<postern_verdict_builder>.allocate(capacity: 1)
    private var recipient: [UInt8] = []

    init(settings: String = "{}") throws {
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<postern_entry>?
        guard let handle = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "postern_plugin_entry"),
            let entry = unsafeBitCast(symbol, to: Entry.self)(POSTERN_ABI_MAJOR)
        else { throw Refused(text: String(cString: dlerror())) }
        plugin = entry.pointee.plugin
        session.initialize(to: postern_session())
        transaction.initialize(to: postern_transaction())
        call.initialize(to: postern_call())
        host.initialize(to: postern_host())
        state.initialize(to: postern_state())
        clock.initialize(to: postern_clock())
        verdicts.initialize(to: postern_verdicts())
        builder.initialize(to: postern_verdict_builder())
        Self.current = self
        fillTables()
        var table = postern_problems(size: UInt32(MemoryLayout<postern_problems>.size), reserved: 0, context: nil) { _, pointer, text in
            TinyHost.current.problems.append("\(TinyHost.text(pointer)): \(TinyHost.text(text))")
        }
        var module: OpaquePointer?
        let status = Self.lend(settings) { bytes in
            entry.pointee.load(entry, host, &table, &module) == POSTERN_OK
                ? plugin.pointee.create_instance(module, bytes, &table, &instance) : POSTERN_FAILED
        }
        guard status == POSTERN_OK else { throw Refused(text: problems.joined(separator: "; ")) }
    }

    private static func lend<R>(_ text: String, _ body: (postern_bytes) -> R) -> R {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { body(postern_bytes(data: $0.baseAddress, length: UInt64($0.count))) }
    }

    /// Lives as long as the process: there are few.
    private static func keep(_ bytes: [UInt8]) -> postern_bytes {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        copy.initialize(from: bytes, count: bytes.count)
        return postern_bytes(data: copy, length: UInt64(bytes.count))
    }

    private static func bytes(_ bytes: postern_bytes) -> [UInt8] {
        Array(UnsafeBufferPointer(start: bytes.data, count: Int(bytes.length)))
    }
    private static func text(_ bytes: postern_bytes) -> String { String(decoding: self.bytes(bytes), as: UTF8.self) }

    private func fillTables() {
        host.pointee.size = UInt32(MemoryLayout<postern_host>.size)
        host.pointee.abi_major = POSTERN_ABI_MAJOR
        host.pointee.extension = { _, id in
            switch String(cString: id!) {
            case POSTERN_EXT_STATE: UnsafeRawPointer(TinyHost.current.state)
            case POSTERN_EXT_CLOCK: UnsafeRawPointer(TinyHost.current.clock)
            case POSTERN_EXT_VERDICTS: UnsafeRawPointer(TinyHost.current.verdicts)
            default: nil
            }
        }
        host.pointee.cancel_operation = { _, _ in POSTERN_OK }
        clock.pointee.now = { _ in TinyHost.current.now }
        verdicts.pointee.verdict_count = { _ in TinyHost.current.earlierScore == nil ? 0 : 1 }
        verdicts.pointee.verdict = { _, _, _ in POSTERN_OK }
        verdicts.pointee.finding_count = { _ in TinyHost.current.earlierScore == nil ? 0 : 1 }
        verdicts.pointee.finding = { _, _, out in
            out!.pointee.score = TinyHost.current.earlierScore!
            return POSTERN_OK
        }
        state.pointee.submit = { _, operations, count, _, ids in
            for i in 0..<Int(count) { ids![i] = TinyHost.current.perform(operations![i]) }
            return POSTERN_OK
        }
        builder.pointee.add_symbol = { _, name, _, detail, _, _ in
            TinyHost.current.verdict.symbols.append(TinyHost.text(name))
            TinyHost.current.verdict.details.append(TinyHost.text(detail))
            return POSTERN_OK
        }
        builder.pointee.propose = { _, action, code, subject, detail, text, _ in
            guard action == POSTERN_DEFER else { return POSTERN_FORBIDDEN }
            TinyHost.current.verdict.deferral = "\(code) \(code / 100).\(subject).\(detail) \(TinyHost.text(text))"
            return POSTERN_OK
        }
        builder.pointee.fail = { _, text in
            TinyHost.current.verdict.failure = TinyHost.text(text)
            return POSTERN_OK
        }
        transaction.pointee.recipient_count = 1
        transaction.pointee.recipient = { _, _, out in
            out!.pointee.address = TinyHost.keep(TinyHost.current.recipient)
            out!.pointee.domain = TinyHost.keep(Array("example.com".utf8))
            return POSTERN_OK
        }
        call.pointee.size = UInt32(MemoryLayout<postern_call>.size)
        call.pointee.host = UnsafePointer(host)
        call.pointee.session = UnsafePointer(session)
        call.pointee.transaction = UnsafePointer(transaction)
        call.pointee.domain = Self.keep(Array("example.com".utf8))
        call.pointee.completion_size = UInt32(MemoryLayout<postern_completion>.stride)
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
            result.detail = Self.keep(Array("disk on fire".utf8))
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
        let kept = UnsafeMutablePointer<postern_state_result>.allocate(capacity: 1)
        kept.initialize(to: result)
        due.append(postern_completion(size: 0, status: POSTERN_OK, operation: operation, result: UnsafeRawPointer(kept)))
        return operation
    }

    /// What another session writes: a letter and eight bytes.
    func write(_ kind: Unicode.Scalar, _ time: Int64, at key: [UInt8]) {
        version += 1
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: time) >> UInt64(56 - 8 * $0)) }
        entries[key] = ([UInt8(ascii: kind)] + bytes, version, now + 86_400_000_000)
    }

    private func run() -> Verdict {
        Self.current = self
        verdict = Verdict()
        call.pointee.reason = POSTERN_START
        var step = plugin.pointee.on_phase(instance, call, &frame, builder)
        while step != POSTERN_DONE, !due.isEmpty {
            let batch = due
            due = []
            step = batch.withUnsafeBufferPointer {
                call.pointee.completions = $0.baseAddress
                call.pointee.completion_count = UInt32($0.count)
                call.pointee.reason = POSTERN_RESUME
                return plugin.pointee.on_phase(instance, call, &frame, builder)
            }
        }
        due = []
        if step != POSTERN_DONE { verdict.failure = "waits for nothing" }
        return verdict
    }

    private func set(client: [UInt8], from: String?, to: String, flags: UInt32) {
        withUnsafeMutableBytes(of: &session.pointee.client) { $0.copyBytes(from: client) }
        session.pointee.client_family = client.count == 4 ? 4 : 6
        session.pointee.flags = flags
        session.pointee.login = Self.keep(Array("user".utf8))
        transaction.pointee.flags = from == nil ? POSTERN_TRANSACTION_NULL_SENDER : 0
        transaction.pointee.reverse_path = Self.keep(Array((from ?? "").utf8))
        transaction.pointee.reverse_path_domain = Self.keep(Array((from?.split(separator: "@").last ?? "").utf8))
        recipient = Array(to.utf8)
        call.pointee.recipient = 0
    }

    func rcpt(
        _ client: [UInt8] = [192, 0, 2, 1], from: String? = "a@sender.example", to: String = "b@example.com", flags: UInt32 = 0
    ) -> Verdict {
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
