/// One operation on what a filter remembers (`postern.state/1`). Values only: it may have come from another process.
public struct StateRequest: Hashable, Sendable {
    /// In the space that all domains of the plugin share, though the call has a domain.
    public var isPluginWide: Bool
    /// Of an entry or a counter; SCAN: what the keys begin with.
    public var key: [UInt8]
    public var action: Action

    public enum Action: Hashable, Sendable {
        case get
        case put(value: [UInt8], kept: Duration, StateCondition)
        case remove(StateCondition)
        /// Adds `amount`, and asks for the sum over the last `window`.
        case count(amount: UInt64, window: Duration)
        /// Removes a counter.
        case reset(window: Duration)
        /// Up to `limit` entries above `after`.
        case scan(after: [UInt8], limit: Int, keysOnly: Bool)
    }

    public enum Most {
        public static let keyBytes = 512
        public static let valueBytes = 65536
        public static let kept = Duration.seconds(400 * 86400)
        public static let windows = Duration.seconds(1)...Duration.seconds(31 * 86400)
        public static let scanned = 256
        /// Keys and values of one scan; the entry that reaches it is the last.
        public static let scannedBytes = 1 << 20
    }

    public init(key: [UInt8], _ action: Action, isPluginWide: Bool = false) {
        self.key = key
        self.action = action
        self.isPluginWide = isPluginWide
    }

    /// What makes it impossible; nil: nothing does.
    public var objection: Objection? {
        if key.count > Most.keyBytes { return .tooLong }
        if case .scan(let after, let limit, _) = action {
            if after.count > Most.keyBytes { return .tooLong }
            return (1...Most.scanned).contains(limit) ? nil : .senseless
        }
        if key.isEmpty { return .senseless }
        switch action {
        case .get, .scan: return nil
        case .put(let value, let kept, let condition):
            if value.count > Most.valueBytes { return .tooLong }
            return kept > .zero && kept <= Most.kept && condition.isSensible ? nil : .senseless
        case .remove(let condition): return condition.isSensible && condition != .ifAbsent ? nil : .senseless
        case .count(_, let window), .reset(let window): return Most.windows.contains(window) ? nil : .senseless
        }
    }

    public enum Objection: String, Hashable, Sendable {
        case tooLong = "a key or value is too long"
        case senseless = "an operation that makes no sense"
    }

    /// What it holds in memory while it waits.
    public var bytes: Int {
        switch action {
        case .put(let value, _, _): key.count + value.count + 128
        case .scan(let after, _, _): key.count + after.count + 128
        default: key.count + 128
        }
    }
}

public enum StateCondition: Hashable, Sendable {
    case always, ifAbsent
    /// Compare and swap.
    case ifVersion(UInt64)

    fileprivate var isSensible: Bool { self != .ifVersion(0) }
}
