import CPostern
import Mail

/// `postern.state/1`, as C calls it.
extension PluginRun {
    func submit(
        _ operations: UnsafePointer<postern_state_operation>?, _ count: Int, _ stride: Int, _ ids: UnsafeMutablePointer<UInt64>?
    ) -> postern_status {
        guard let operations, stride >= MemoryLayout<postern_state_operation>.size, stride % 8 == 0 else { return POSTERN_INVALID }
        return begin(count, ids) { i throws(Refusal) in
            let raw = UnsafeRawPointer(operations).load(fromByteOffset: i * stride, as: postern_state_operation.self)
            let request = try Self.request(raw)
            switch request.objection {
            case nil: return .state(request)
            case .tooLong: throw .limit
            case .senseless: throw .invalid
            }
        }
    }

    private static func request(_ raw: postern_state_operation) throws(Refusal) -> StateRequest {
        guard raw.flags & ~(POSTERN_STATE_PLUGIN_WIDE | POSTERN_STATE_KEYS_ONLY) == 0 else { throw .invalid }
        let key = try bytes(raw.key, StateRequest.Most.keyBytes)
        guard raw.duration <= UInt64(StateRequest.Most.kept.microseconds) else { throw .invalid }
        let duration = Duration.microseconds(Int64(raw.duration))
        let action: StateRequest.Action
        switch raw.kind {
        case POSTERN_STATE_GET: action = .get
        case POSTERN_STATE_PUT:
            action = .put(
                value: try bytes(raw.value, StateRequest.Most.valueBytes), kept: raw.duration == 0 ? StateRequest.Most.kept : duration,
                try condition(raw))
        case POSTERN_STATE_REMOVE: action = .remove(try condition(raw))
        case POSTERN_STATE_COUNT: action = .count(amount: raw.amount, window: duration)
        case POSTERN_STATE_RESET: action = .reset(window: duration)
        case POSTERN_STATE_SCAN:
            action = .scan(
                after: try bytes(raw.after, StateRequest.Most.keyBytes), limit: Int(raw.limit),
                keysOnly: raw.flags & POSTERN_STATE_KEYS_ONLY != 0)
        default: throw .invalid
        }
        return StateRequest(key: key, action, isPluginWide: raw.flags & POSTERN_STATE_PLUGIN_WIDE != 0)
    }

    private static func condition(_ raw: postern_state_operation) throws(Refusal) -> StateCondition {
        switch raw.condition {
        case POSTERN_STATE_ALWAYS: return .always
        case POSTERN_STATE_IF_ABSENT: return .ifAbsent
        case POSTERN_STATE_IF_VERSION: return .ifVersion(raw.version)
        default: throw .invalid
        }
    }

    /// A copy.
    static func bytes(_ raw: postern_bytes, _ most: Int) throws(Refusal) -> [UInt8] {
        guard raw.length <= UInt64(most) else { throw .limit }
        guard raw.length == 0 || raw.data != nil else { throw .invalid }
        return Array(raw.buffer)
    }
}
