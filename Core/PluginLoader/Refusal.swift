import CPostern

/// Why an operation was not begun: what the service's function returns.
struct Refusal: Error {
    let status: postern_status
    static let invalid = Refusal(status: POSTERN_INVALID)
    static let limit = Refusal(status: POSTERN_LIMIT)
    static let forbidden = Refusal(status: POSTERN_FORBIDDEN)
}
