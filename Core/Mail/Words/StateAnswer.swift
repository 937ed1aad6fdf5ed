/// What became of a `StateRequest`.
public struct StateAnswer: Hashable, Sendable {
    public var status: Status
    /// Of the entry as it is now; 0: there is none.
    public var version: UInt64 = 0
    public var expiresAt = Timestamp(microseconds: 0)
    /// Of a counter.
    public var sum: UInt64 = 0
    public var value: [UInt8] = []
    public var entries: [StateEntry] = []
    /// A scan has entries after these.
    public var hasMore = false
    /// Why it was refused or failed; for the log and for the plugin.
    public var detail = ""

    public init(_ status: Status, detail: String = "") {
        self.status = status
        self.detail = detail
    }

    public init(_ status: Status, _ entry: StateEntry?) {
        self.status = status
        guard let entry else { return }
        version = entry.version
        expiresAt = entry.expiresAt
        value = entry.value
    }

    public enum Status: Int32, Sendable, CaseIterable {
        case found = 0
        case absent = 1
        case done = 2
        /// The condition did not hold.
        case conflict = 3
        /// Nothing was changed.
        case quota = 4
        /// Not known whether it was done.
        case failed = 5
    }
}

/// An entry of a filter's state.
public struct StateEntry: Hashable, Sendable {
    public var key: [UInt8]
    public var value: [UInt8]
    public var version: UInt64
    public var expiresAt: Timestamp

    public init(key: [UInt8], value: [UInt8], version: UInt64, expiresAt: Timestamp) {
        self.key = key
        self.value = value
        self.version = version
        self.expiresAt = expiresAt
    }
}
