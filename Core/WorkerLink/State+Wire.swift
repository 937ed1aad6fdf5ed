import Mail

/// `state/1` as it crosses. What comes from a worker is held to `StateRequest.objection`.
extension WireWriter {
    mutating func state(_ request: StateRequest) {
        flag(request.isPluginWide)
        raw(request.key)
        switch request.action {
        case .get: u8(0)
        case .put(let value, let kept, let condition):
            u8(1)
            raw(value)
            i64(kept.microseconds)
            self.condition(condition)
        case .remove(let condition):
            u8(2)
            self.condition(condition)
        case .count(let amount, let window):
            u8(3)
            u64(amount)
            i64(window.microseconds)
        case .reset(let window):
            u8(4)
            i64(window.microseconds)
        case .scan(let after, let limit, let keysOnly):
            u8(5)
            raw(after)
            u32(UInt32(clamping: limit))
            flag(keysOnly)
        }
    }

    private mutating func condition(_ condition: StateCondition) {
        switch condition {
        case .always: u8(0)
        case .ifAbsent: u8(1)
        case .ifVersion(let version):
            u8(2)
            u64(version)
        }
    }

    mutating func answer(_ answer: StateAnswer) {
        u8(UInt8(answer.status.rawValue))
        u64(answer.version)
        i64(answer.expiresAt.microseconds)
        u64(answer.sum)
        raw(answer.value)
        list(answer.entries) {
            $0.raw($1.key)
            $0.raw($1.value)
            $0.u64($1.version)
            $0.i64($1.expiresAt.microseconds)
        }
        flag(answer.hasMore)
        text(answer.detail)
    }
}

extension WireReader {
    mutating func state() throws(WireFault) -> StateRequest {
        let isPluginWide = try flag()
        let key = try raw(most: StateRequest.Most.keyBytes)
        let action: StateRequest.Action
        switch try u8() {
        case 0: action = .get
        case 1: action = .put(value: try raw(most: StateRequest.Most.valueBytes), kept: .microseconds(try i64()), try condition())
        case 2: action = .remove(try condition())
        case 3: action = .count(amount: try u64(), window: .microseconds(try i64()))
        case 4: action = .reset(window: .microseconds(try i64()))
        case 5: action = .scan(after: try raw(most: StateRequest.Most.keyBytes), limit: Int(try u32()), keysOnly: try flag())
        default: throw WireFault("an unknown operation on the state")
        }
        let request = StateRequest(key: key, action, isPluginWide: isPluginWide)
        if let objection = request.objection { throw WireFault(objection.rawValue) }
        return request
    }

    private mutating func condition() throws(WireFault) -> StateCondition {
        switch try u8() {
        case 0: return .always
        case 1: return .ifAbsent
        case 2: return .ifVersion(try u64())
        default: throw WireFault("an unknown condition")
        }
    }

    mutating func stateAnswer() throws(WireFault) -> StateAnswer {
        guard let status = StateAnswer.Status(rawValue: Int32(try u8())) else { throw WireFault("an unknown status") }
        var answer = StateAnswer(status)
        answer.version = try u64()
        answer.expiresAt = Timestamp(microseconds: try i64())
        answer.sum = try u64()
        answer.value = try raw()
        answer.entries = try list(most: StateRequest.Most.scanned) { (reader) throws(WireFault) in
            StateEntry(
                key: try reader.raw(), value: try reader.raw(), version: try reader.u64(),
                expiresAt: Timestamp(microseconds: try reader.i64()))
        }
        answer.hasMore = try flag()
        answer.detail = try text()
        return answer
    }
}
