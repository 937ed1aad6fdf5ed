import Mail
import PluginLoader

/// What a run asks of the gateway, and the answers, as they cross.
extension WireWriter {
    public mutating func request(_ request: ServiceRequest) {
        switch request {
        case .dns(let question):
            u8(0)
            text(question.name)
            u32(UInt32(question.type.rawValue))
        case .timer(let delay):
            u8(1)
            i64(delay.microseconds)
        case .state(let request):
            u8(2)
            state(request)
        case .http(let request):
            u8(3)
            http(request)
        case .token: preconditionFailure("a token stays in its process")
        }
    }

    public mutating func answer(_ answer: ServiceAnswer) {
        switch answer {
        case .nothing: u8(0)
        case .failed(let why):
            u8(1)
            text(why)
        case .dns(let answer):
            u8(2)
            u8(UInt8(answer.status.rawValue))
            u8(UInt8(answer.security.rawValue))
            u32(answer.ttl)
            list(answer.records) { $0.raw($1) }
            optional(answer.canonicalName) { $0.text($1) }
            text(answer.detail)
        case .state(let answer):
            u8(3)
            self.answer(answer)
        case .http(let answer):
            u8(4)
            self.answer(answer)
        case .bytes: preconditionFailure("a token stays in its process")
        }
    }
}

extension WireReader {
    /// Held to the same bounds as a request inside the gateway.
    public mutating func request() throws(WireFault) -> ServiceRequest {
        switch try u8() {
        case 0:
            let name = try text(most: 1024)
            let type = try u32()
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), type <= UInt16.max else {
                throw WireFault("a bad DNS question")
            }
            return .dns(DNSQuestion(name, DNSType(rawValue: UInt16(type))))
        case 1:
            let delay = try i64()
            guard (0...PluginRun.longestTimer.microseconds).contains(delay) else { throw WireFault("a bad timer") }
            return .timer(.microseconds(delay))
        case 2: return .state(try state())
        case 3: return .http(try http())
        default: throw WireFault("an unknown request")
        }
    }

    public mutating func answer() throws(WireFault) -> ServiceAnswer {
        switch try u8() {
        case 0: return .nothing
        case 1: return .failed(try text())
        case 2:
            guard let status = DNSAnswer.Status(rawValue: Int32(try u8())), let security = DNSAnswer.Security(rawValue: Int32(try u8()))
            else { throw WireFault("a bad DNS answer") }
            let ttl = try u32()
            let records = try list(most: 1 << 16) { (reader) throws(WireFault) in try reader.raw() }
            let name = try optional { (reader) throws(WireFault) in try reader.text() }
            return .dns(
                DNSAnswer(
                    status: status, security: security, records: records, ttl: ttl, canonicalName: name, detail: try text()))
        case 3: return .state(try stateAnswer())
        case 4: return .http(try httpAnswer())
        default: throw WireFault("an unknown answer")
        }
    }
}
