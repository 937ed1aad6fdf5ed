import CPostern
import Mail

/// The services that take time, as C calls them: [loop] and [pool], inside a step.
extension PluginRun {
    func resolve(
        _ questions: UnsafePointer<postern_dns_question>?, _ count: Int, _ stride: Int, _ operations: UnsafeMutablePointer<UInt64>?
    ) -> postern_status {
        guard let questions, stride >= MemoryLayout<postern_dns_question>.size, stride % 8 == 0 else { return POSTERN_INVALID }
        return begin(count, operations) { i in
            let question = UnsafeRawPointer(questions).load(fromByteOffset: i * stride, as: postern_dns_question.self)
            let name = question.name.buffer
            guard !name.isEmpty, name.count <= 1024, question.type <= UInt16.max, name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return nil
            }
            return .dns(DNSQuestion(String(decoding: name, as: UTF8.self), DNSType(rawValue: UInt16(question.type))))
        }
    }

    func startTimer(_ microseconds: UInt64, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        begin(1, operation) { _ in
            microseconds <= UInt64(Self.longestTimer.microseconds) ? .timer(.microseconds(Int64(microseconds))) : nil
        }
    }
}
