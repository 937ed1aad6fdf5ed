import CPostern

/// What the plugin remembers from message to message (`postern.state/1`), on behalf of a domain or of all. Values and keys are bytes.
public struct StateSpace: Sendable {
    let call: Call
    let isPluginWide: Bool

    /// nil: there is none, or its time is over.
    public func get(_ key: StateKey) async throws(StateError) -> StateEntry? {
        let result = try await one(.get(key)).checked()
        return result.status == .found ? result.entry(key.bytes) : nil
    }

    /// Durable when it returns. `kept` nil: the longest, 400 days. nil: the condition did not hold.
    @discardableResult
    public func put(
        _ key: StateKey, _ value: some Collection<UInt8>, kept: Duration? = nil, if condition: StateCondition = .always
    ) async throws(StateError) -> UInt64? {
        let result = try await one(.put(key, Array(value), kept: kept, if: condition)).checked()
        return result.status == .done ? result.version : nil
    }

    /// False: the condition did not hold.
    @discardableResult
    public func remove(_ key: StateKey, if condition: StateCondition = .always) async throws(StateError) -> Bool {
        try await one(.remove(key, if: condition)).checked().status == .done
    }

    /// Adds to a counter, and gives what was added within the last `window`, this included.
    public func count(_ key: StateKey, add amount: UInt64 = 1, window: Duration) async throws(StateError) -> UInt64 {
        try await one(.count(key, amount, window: window)).checked().sum
    }

    /// Entries whose key begins with `prefix`, in the order of their bytes, above `after`; `hasMore`: there are others behind them.
    public func scan(
        _ prefix: StateKey, after: StateKey? = nil, limit: Int = 256, keysOnly: Bool = false
    ) async throws(StateError) -> (entries: [StateEntry], hasMore: Bool) {
        let result = try await one(.scan(prefix, after: after, limit: limit, keysOnly: keysOnly)).checked()
        return (result.entries, result.hasMore)
    }

    private func one(_ operation: StateOperation) async -> StateResult { await perform([operation])[0] }

    /// All of them together, carried out in order; results come in the same order.
    public func perform(_ operations: [StateOperation]) async -> [StateResult] {
        if operations.isEmpty { return [] }
        guard let state = call.host.state else {
            return operations.map { _ in StateResult(.failed, "this host has no \(POSTERN_EXT_STATE)") }
        }
        var ids = [UInt64](repeating: 0, count: operations.count)
        let status = Block.lend { block in
            let raw = operations.map { $0.raw(isPluginWide, &block) }
            return state.pointee.submit(
                call.raw, raw, UInt32(raw.count), UInt32(MemoryLayout<postern_state_operation>.stride), &ids)
        }
        guard status == POSTERN_OK else {
            return operations.map { _ in StateResult(.failed, "the host refused the operations (status \(status))") }
        }
        return await call.results(of: ids) { StateResult($0) }.map { $0 ?? StateResult(.cancelled, "the run was cancelled") }
    }
}

/// Bytes that name an entry or a counter: at most 512.
public struct StateKey: Hashable, Sendable, ExpressibleByStringInterpolation {
    public var bytes: [UInt8]
    public init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }
    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(stringLiteral text: String) { self.init(text) }
}

public struct StateEntry: Hashable, Sendable {
    public var key: [UInt8]
    public var value: [UInt8]
    /// For `StateCondition.ifVersion`.
    public var version: UInt64
    /// Microseconds since 1970.
    public var expiresAt: Int64
}

public enum StateCondition: Hashable, Sendable {
    case always, ifAbsent
    /// The entry is there and has this version: compare and swap.
    case ifVersion(UInt64)
}

public enum StateOperation: Hashable, Sendable {
    case get(StateKey)
    case put(StateKey, [UInt8], kept: Duration? = nil, if: StateCondition = .always)
    case remove(StateKey, if: StateCondition = .always)
    case count(StateKey, UInt64, window: Duration)
    case reset(StateKey, window: Duration)
    case scan(StateKey, after: StateKey? = nil, limit: Int = 256, keysOnly: Bool = false)

    func raw(_ isPluginWide: Bool, _ block: inout Block) -> postern_state_operation {
        var raw = postern_state_operation()
        raw.flags = isPluginWide ? POSTERN_STATE_PLUGIN_WIDE : 0
        func set(_ condition: StateCondition) {
            switch condition {
            case .always: raw.condition = POSTERN_STATE_ALWAYS
            case .ifAbsent: raw.condition = POSTERN_STATE_IF_ABSENT
            case .ifVersion(let version):
                raw.condition = POSTERN_STATE_IF_VERSION
                raw.version = version
            }
        }
        switch self {
        case .get(let key):
            raw.kind = POSTERN_STATE_GET
            raw.key = block.bytes(key.bytes)
        case .put(let key, let value, let kept, let condition):
            raw.kind = POSTERN_STATE_PUT
            raw.key = block.bytes(key.bytes)
            raw.value = block.bytes(value)
            raw.duration = kept?.inMicroseconds ?? 0
            set(condition)
        case .remove(let key, let condition):
            raw.kind = POSTERN_STATE_REMOVE
            raw.key = block.bytes(key.bytes)
            set(condition)
        case .count(let key, let amount, let window):
            raw.kind = POSTERN_STATE_COUNT
            raw.key = block.bytes(key.bytes)
            raw.amount = amount
            raw.duration = window.inMicroseconds
        case .reset(let key, let window):
            raw.kind = POSTERN_STATE_RESET
            raw.key = block.bytes(key.bytes)
            raw.duration = window.inMicroseconds
        case .scan(let prefix, let after, let limit, let keysOnly):
            raw.kind = POSTERN_STATE_SCAN
            raw.key = block.bytes(prefix.bytes)
            raw.after = block.bytes(after?.bytes ?? [])
            raw.limit = UInt32(clamping: limit)
            if keysOnly { raw.flags |= POSTERN_STATE_KEYS_ONLY }
        }
        return raw
    }
}

/// What became of one operation.
public struct StateResult: Hashable, Sendable {
    public var status: Status
    /// Of the entry as it is now; 0: there is none.
    public var version: UInt64 = 0
    /// Microseconds since 1970.
    public var expiresAt: Int64 = 0
    public var sum: UInt64 = 0
    /// Of get, and of what stood in the way of a condition.
    public var value: [UInt8] = []
    public var entries: [StateEntry] = []
    public var hasMore = false
    public var detail = ""

    /// `failed` and `cancelled`: it is not known whether it was done.
    public enum Status: Int32, Sendable { case found, absent, done, conflict, quota, failed, cancelled }

    init(_ status: Status, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    init(_ completion: postern_completion) {
        guard completion.status == POSTERN_OK, let result = completion.result?.assumingMemoryBound(to: postern_state_result.self) else {
            self.init(.failed, "no answer (status \(completion.status))")
            return
        }
        let c = result.pointee
        self.init(Status(rawValue: c.status) ?? .failed, c.detail.text)
        version = c.version
        expiresAt = c.expires_at
        sum = c.sum
        value = Array(c.value.buffer)
        hasMore = c.more != 0
        for i in 0..<Int(c.entry_count) {
            guard let base = c.entries else { break }
            let entry = UnsafeRawPointer(base).load(fromByteOffset: i * Int(c.entry_size), as: postern_state_entry.self)
            entries.append(
                StateEntry(
                    key: Array(entry.key.buffer), value: Array(entry.value.buffer), version: entry.version, expiresAt: entry.expires_at))
        }
    }

    func entry(_ key: [UInt8]) -> StateEntry { StateEntry(key: key, value: value, version: version, expiresAt: expiresAt) }

    func checked() throws(StateError) -> StateResult {
        switch status {
        case .found, .absent, .done, .conflict: return self
        case .quota: throw .quota(detail)
        case .failed: throw .failed(detail)
        case .cancelled: throw .cancelled
        }
    }
}

public enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no room; nothing was changed.
    case quota(String)
    case failed(String)
    case cancelled

    public var description: String {
        switch self {
        case .quota(let text), .failed(let text): "state: \(text)"
        case .cancelled: "state: cancelled"
        }
    }
}

extension Call {
    /// What the plugin remembers for this call's domain; at the edge, the same as `sharedState`.
    public var state: StateSpace { StateSpace(call: self, isPluginWide: false) }
    /// What it remembers for all domains together.
    public var sharedState: StateSpace { StateSpace(call: self, isPluginWide: true) }
}
