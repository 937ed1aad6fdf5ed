import CPostern
import Mail

/// The services that take time, as C calls them: [loop] and [pool], inside a step.
extension PluginRun {
    func resolve(
        _ questions: UnsafePointer<postern_dns_question>?, _ count: Int, _ stride: Int, _ operations: UnsafeMutablePointer<UInt64>?
    ) -> postern_status {
        guard let questions, stride >= MemoryLayout<postern_dns_question>.size, stride % 8 == 0 else { return POSTERN_INVALID }
        return begin(count, operations) { i throws(Refusal) in
            let question = UnsafeRawPointer(questions).load(fromByteOffset: i * stride, as: postern_dns_question.self)
            let name = question.name.buffer
            guard !name.isEmpty, name.count <= 1024, question.type <= UInt16.max, name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw .invalid
            }
            return .dns(DNSQuestion(String(decoding: name, as: UTF8.self), DNSType(rawValue: UInt16(question.type))))
        }
    }

    func startTimer(_ microseconds: UInt64, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        begin(1, operation) { _ throws(Refusal) in
            guard microseconds <= UInt64(Self.longestTimer.microseconds) else { throw .invalid }
            return .timer(.microseconds(Int64(microseconds)))
        }
    }

    func beginToken(_ token: UnsafeMutablePointer<UInt64>?, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        guard let token else { return POSTERN_INVALID }
        return begin(1, operation) { _ in
            .token
        } start: { _, operation in
            let (issued, work) = self.services.tokens.issue(operation, of: self)
            token.pointee = issued
            return work
        }
    }
}
