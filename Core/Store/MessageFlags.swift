import Mail

/// The column `flags` of a message. Numbers are on disk and never reused.
struct MessageFlags: OptionSet {
    let rawValue: Int64

    static let is8BitMIME = MessageFlags(rawValue: 1)
    static let isSMTPUTF8 = MessageFlags(rawValue: 2)
    static let isOutbound = MessageFlags(rawValue: 4)
    /// RET=FULL and RET=HDRS of its MAIL; neither: not given.
    static let returnsFull = MessageFlags(rawValue: 8)
    static let returnsHeaders = MessageFlags(rawValue: 16)
    static let isSenderAuthenticated = MessageFlags(rawValue: 32)
    /// In queue.db: copies of it stand, or have stood, in quarantine.db too. Without it nobody looks there.
    static let isSplit = MessageFlags(rawValue: 64)

    init(rawValue: Int64) { self.rawValue = rawValue }

    init(_ message: StoredMessage) {
        self = []
        if message.is8BitMIME { insert(.is8BitMIME) }
        if message.isSMTPUTF8 { insert(.isSMTPUTF8) }
        if message.role == .outbound { insert(.isOutbound) }
        if message.isSenderAuthenticated { insert(.isSenderAuthenticated) }
        switch message.dsn.returned {
        case .full?: insert(.returnsFull)
        case .headers?: insert(.returnsHeaders)
        case nil: break
        }
    }

    var returned: DSNRequest.Returned? { contains(.returnsFull) ? .full : contains(.returnsHeaders) ? .headers : nil }
}
