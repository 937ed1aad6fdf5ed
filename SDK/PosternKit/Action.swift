import CPostern

/// What a filter may propose, as far as its manifest has the right.
public enum Action: Hashable, Sendable {
    /// A 5xx reply: `.reject(code: 550, enhanced: (7, 1), "...")`.
    case reject(code: Int = 550, subject: Int = 7, detail: Int = 1, text: String)
    /// A 4xx reply.
    case `defer`(code: Int = 451, subject: Int = 7, detail: Int = 1, text: String)
    case quarantine(reason: String)
    case discard(reason: String)

    var parts: (UInt32, UInt32, UInt32, UInt32, String) {
        switch self {
        case .reject(let code, let subject, let detail, let text):
            (POSTERN_REJECT, UInt32(clamping: code), UInt32(clamping: subject), UInt32(clamping: detail), text)
        case .defer(let code, let subject, let detail, let text):
            (POSTERN_DEFER, UInt32(clamping: code), UInt32(clamping: subject), UInt32(clamping: detail), text)
        case .quarantine(let reason): (POSTERN_QUARANTINE, 0, 0, 0, reason)
        case .discard(let reason): (POSTERN_DISCARD, 0, 0, 0, reason)
        }
    }
}
