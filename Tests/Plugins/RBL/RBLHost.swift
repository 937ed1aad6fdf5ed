import CPostern
import PluginTestKit

let POSTERN_DETACH_BEFORE_RCPT = POSTERN_DETACH | POSTERN_PHASE_RCPT << 8

/// A host with DNS and a timer: takes down what is asked, and answers when the test says so.
final class RBLHost: TinyHost {
    static let timerID: UInt64 = 1 << 32
    static var isBuilt: Bool { PluginUnderTest.library("rbl") != nil }

    private(set) var batches: [Int] = []
    private(set) var names: [String] = []
    private static var me: RBLHost { current as! RBLHost }

    init(settings: String, client: [UInt8]) throws {
        try super.init("rbl", settings: settings)
        set(client: client)
    }

    override class func service(_ id: String) -> UnsafeRawPointer? {
        switch id {
        case POSTERN_EXT_DNS:
            var dns = postern_dns()
            dns.resolve = { _, questions, count, _, operations in
                RBLHost.me.batches.append(Int(count))
                for i in 0..<Int(count) {
                    RBLHost.me.names.append(TinyHost.text(questions![i].name))
                    operations![i] = UInt64(RBLHost.me.names.count)
                }
                return POSTERN_OK
            }
            return UnsafeRawPointer(keep(dns))
        case POSTERN_EXT_TIMER:
            var timer = postern_timer()
            timer.start = { _, _, operation in
                operation!.pointee = RBLHost.timerID
                return POSTERN_OK
            }
            return UnsafeRawPointer(keep(timer))
        default: return nil
        }
    }

    func fireTimer() -> postern_step { resume([Self.completion(Self.timerID, nil)]) }

    /// Answers all questions, or one: status, and the address where there is one.
    func resume(only one: Int? = nil, _ answer: (Int) -> (Int32, [UInt8]?)) -> postern_step {
        resume(
            (one.map { [$0] } ?? Array(names.indices)).map { index in
                let (status, address) = answer(index)
                var result = postern_dns_answer()
                result.status = status
                result.record_size = UInt32(MemoryLayout<postern_bytes>.stride)
                if let address {
                    result.records = Self.keep(Self.keep(address) as postern_bytes)
                    result.record_count = 1
                }
                return Self.completion(UInt64(index + 1), Self.keep(result))
            })
    }
}
