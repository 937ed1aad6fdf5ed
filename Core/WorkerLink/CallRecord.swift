import Mail

/// A call on its way to a worker: its facts, which may be many, are written down before it is known what numbers its message's bytes have
/// there.
public struct CallRecord {
    private var writer: WireWriter
    private let hasMessage: Bool

    public var bytes: [UInt8] { writer.bytes }

    public init(run: UInt64, instance: UInt32, now: Timestamp, _ call: FilterCall) {
        writer = WireWriter(capacity: 512)
        GatewayMessage.beginCall(run: run, instance: instance, now: now, &writer)
        writer.call(call)
        hasMessage = call.message != nil
    }

    /// `numbers`: those of `ReceivedMessage.shown`, in its order. Once, before `bytes` are read.
    public mutating func show(_ numbers: [UInt64]) { if hasMessage { writer.shown(numbers) } }
}
