import CPostern

/// The host's side of one run.
final class ScanRun {
    private let call = UnsafeMutablePointer<postern_call>.allocate(capacity: 1)
    private let session = UnsafeMutablePointer<postern_session>.allocate(capacity: 1)
    private let transaction = UnsafeMutablePointer<postern_transaction>.allocate(capacity: 1)
    private let message = UnsafeMutablePointer<postern_message>.allocate(capacity: 1)
    private let builder = UnsafeMutablePointer<postern_verdict_builder>.allocate(capacity: 1)
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let content: ScanContent?
    private var frame: UnsafeMutableRawPointer?
    private var lastOperation: UInt64 = 0
    private(set) var timers: [(operation: UInt64, micros: UInt64)] = []
    private var due: UInt64 = 0
    let isCancelled: Bool
    private(set) var verdict = PluginUnderTest.Findings()
    private(set) var failure: String?

    init(host: UnsafePointer<postern_host>, message text: [UInt8], parts: [ScanPart], isCancelled: Bool) {
        self.isCancelled = isCancelled
        content = parts.isEmpty ? nil : ScanContent(parts)
        bytes = .allocate(capacity: max(1, text.count))
        _ = bytes.initialize(from: text)
        session.initialize(to: postern_session())
        session.pointee.size = UInt32(MemoryLayout<postern_session>.size)
        session.pointee.client_family = 4
        session.pointee.client.0 = 192
        session.pointee.client.2 = 2
        session.pointee.client.3 = 1
        transaction.initialize(to: postern_transaction())
        transaction.pointee.size = UInt32(MemoryLayout<postern_transaction>.size)
        transaction.pointee.flags = POSTERN_TRANSACTION_NULL_SENDER
        message.initialize(to: postern_message())
        message.pointee.size = UInt32(MemoryLayout<postern_message>.size)
        message.pointee.raw.length = UInt64(text.count)
        message.pointee.content = content.map { UnsafePointer($0.content) }
        builder.initialize(to: postern_verdict_builder())
        call.initialize(to: postern_call())
        let me = Unmanaged.passUnretained(self).toOpaque()
        call.pointee.size = UInt32(MemoryLayout<postern_call>.size)
        call.pointee.phase = POSTERN_PHASE_DATA
        call.pointee.recipient = POSTERN_NO_RECIPIENT
        call.pointee.host = host
        call.pointee.run = me
        call.pointee.session = UnsafePointer(session)
        call.pointee.transaction = UnsafePointer(transaction)
        call.pointee.message = UnsafePointer(message)
        call.pointee.completion_size = UInt32(MemoryLayout<postern_completion>.stride)
        builder.pointee.size = UInt32(MemoryLayout<postern_verdict_builder>.size)
        builder.pointee.context = me
        builder.pointee.add_symbol = { builder, name, factor, detail, _, _ in
            ScanRun.of(builder).verdict.symbols.append(
                .init(name: PluginUnderTest.text(name), factor: factor, detail: PluginUnderTest.text(detail)))
            return POSTERN_OK
        }
        builder.pointee.propose = { builder, action, code, _, _, _, _ in
            ScanRun.of(builder).verdict.proposals.append([action, code])
            return POSTERN_OK
        }
        builder.pointee.fail = { builder, text in
            ScanRun.of(builder).failure = PluginUnderTest.text(text)
            return POSTERN_OK
        }
    }

    deinit {
        bytes.deallocate()
        call.deallocate()
        session.deallocate()
        transaction.deallocate()
        message.deallocate()
        builder.deallocate()
    }

    static func of(_ call: UnsafePointer<postern_call>?) -> ScanRun {
        Unmanaged<ScanRun>.fromOpaque(call!.pointee.run).takeUnretainedValue()
    }

    private static func of(_ builder: UnsafeMutablePointer<postern_verdict_builder>?) -> ScanRun {
        Unmanaged<ScanRun>.fromOpaque(builder!.pointee.context).takeUnretainedValue()
    }

    func view(_ ref: postern_ref, _ out: UnsafeMutablePointer<postern_bytes>?) -> postern_status {
        if ref.region == 1, let content { return content.view(ref, out!) }
        guard ref.region == 0, ref.offset + ref.length <= message.pointee.raw.length else { return POSTERN_INVALID }
        out!.pointee = postern_bytes(data: bytes.baseAddress.map { $0 + Int(ref.offset) }, length: ref.length)
        return POSTERN_OK
    }

    func start(_ micros: UInt64, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        lastOperation += 1
        timers.append((lastOperation, micros))
        operation!.pointee = lastOperation
        return POSTERN_OK
    }

    /// The next timer's microseconds; its completion comes with the next RESUME.
    func takeTimer() -> UInt32 {
        let (operation, micros) = timers.removeFirst()
        due = operation
        return UInt32(clamping: micros)
    }

    func step(_ reason: UInt32, _ plugin: UnsafePointer<postern_plugin>, _ instance: OpaquePointer) -> postern_step {
        call.pointee.reason = reason
        var completion = postern_completion()
        completion.size = UInt32(MemoryLayout<postern_completion>.size)
        completion.operation = due
        return withUnsafePointer(to: completion) { completion in
            call.pointee.completions = completion
            call.pointee.completion_count = reason == POSTERN_RESUME ? 1 : 0
            return plugin.pointee.on_phase(instance, call, &frame, builder)
        }
    }
}
