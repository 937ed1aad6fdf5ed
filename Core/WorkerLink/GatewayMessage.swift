import Mail
import PluginLoader

/// What the gateway tells a worker.
public enum GatewayMessage: Sendable {
    /// The first: what to load, and in what cage. Everything else waits for `ready`.
    case begin(WorkerOrders)
    case makeInstance(UInt32, settings: String)
    case check(UInt32, settings: String)
    case dropInstance(UInt32)
    /// A message's bytes: here, or behind the next descriptor of the socket, which then has this number.
    case region(UInt64, inline: [UInt8])
    case regionBehindDescriptor(UInt64, count: Int)
    case dropRegion(UInt64)
    /// The call's facts follow, for `WireReader.call`.
    case call(run: UInt64, instance: UInt32, now: Timestamp, facts: WireReader)
    case resume(run: UInt64, now: Timestamp, [(operation: UInt64, answer: ServiceAnswer)])
    case cancel(run: UInt64)
    case ping(UInt64)
    /// The next record was too long: it is behind the next descriptor.
    case recordBehindDescriptor(UInt64, count: Int)

    private enum Kind: UInt8 {
        case begin = 1
        case makeInstance, check, dropInstance, region, regionBehindDescriptor, dropRegion, call, resume, cancel, ping
        case recordBehindDescriptor
    }

    /// For `CallRecord`, which writes the facts behind it.
    static func beginCall(run: UInt64, instance: UInt32, now: Timestamp, _ writer: inout WireWriter) {
        writer.u8(Kind.call.rawValue)
        writer.u64(run)
        writer.u32(instance)
        writer.i64(now.microseconds)
    }

    public static func region(_ number: UInt64, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = WireWriter(capacity: bytes.count + 16)
        writer.u8(Kind.region.rawValue)
        writer.u64(number)
        writer.raw(bytes)
        return writer.bytes
    }

    public var record: [UInt8] {
        var w = WireWriter()
        switch self {
        case .begin(let orders):
            w.u8(Kind.begin.rawValue)
            orders.write(&w)
        case .makeInstance(let id, let settings):
            w.u8(Kind.makeInstance.rawValue)
            w.u32(id)
            w.text(settings)
        case .check(let id, let settings):
            w.u8(Kind.check.rawValue)
            w.u32(id)
            w.text(settings)
        case .dropInstance(let id):
            w.u8(Kind.dropInstance.rawValue)
            w.u32(id)
        case .region(let number, let bytes): return bytes.withUnsafeBytes { Self.region(number, $0) }
        case .regionBehindDescriptor(let number, let count):
            w.u8(Kind.regionBehindDescriptor.rawValue)
            w.u64(number)
            w.u64(UInt64(count))
        case .dropRegion(let number):
            w.u8(Kind.dropRegion.rawValue)
            w.u64(number)
        case .call: preconditionFailure("a call is written by `CallRecord`")
        case .resume(let run, let now, let answers):
            w.u8(Kind.resume.rawValue)
            w.u64(run)
            w.i64(now.microseconds)
            w.list(answers) {
                $0.u64($1.operation)
                $0.answer($1.answer)
            }
        case .cancel(let run):
            w.u8(Kind.cancel.rawValue)
            w.u64(run)
        case .ping(let number):
            w.u8(Kind.ping.rawValue)
            w.u64(number)
        case .recordBehindDescriptor(let number, let count):
            w.u8(Kind.recordBehindDescriptor.rawValue)
            w.u64(number)
            w.u64(UInt64(count))
        }
        return w.bytes
    }

    public init(record: [UInt8]) throws(WireFault) {
        var r = WireReader(record)
        guard let kind = Kind(rawValue: try r.u8()) else { throw WireFault("an unknown message") }
        switch kind {
        case .begin: self = .begin(try WorkerOrders(&r))
        case .makeInstance: self = .makeInstance(try r.u32(), settings: try r.text())
        case .check: self = .check(try r.u32(), settings: try r.text())
        case .dropInstance: self = .dropInstance(try r.u32())
        case .region: self = .region(try r.u64(), inline: try r.raw())
        case .regionBehindDescriptor: self = .regionBehindDescriptor(try r.u64(), count: Int(clamping: try r.u64()))
        case .dropRegion: self = .dropRegion(try r.u64())
        case .call:
            let (run, instance, now) = (try r.u64(), try r.u32(), Timestamp(microseconds: try r.i64()))
            self = .call(run: run, instance: instance, now: now, facts: r)
            return
        case .resume:
            let (run, now) = (try r.u64(), Timestamp(microseconds: try r.i64()))
            let answers = try r.list(most: PluginRun.mostOperations) { (r) throws(WireFault) in
                (operation: try r.u64(), answer: try r.answer())
            }
            self = .resume(run: run, now: now, answers)
        case .cancel: self = .cancel(run: try r.u64())
        case .ping: self = .ping(try r.u64())
        case .recordBehindDescriptor: self = .recordBehindDescriptor(try r.u64(), count: Int(clamping: try r.u64()))
        }
        try r.end()
    }
}
