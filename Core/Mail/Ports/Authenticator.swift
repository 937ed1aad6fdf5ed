/// What a client gives to AUTH (RFC 4616 and LOGIN). Never logged.
public struct Credentials: Hashable, Sendable {
    /// As whom to act; empty: as the login itself.
    public var authorizationID: String
    public var login: String
    public var password: String

    public init(authorizationID: String = "", login: String, password: String) {
        self.authorizationID = authorizationID
        self.login = login
        self.password = password
    }
}

/// Who may send outbound mail. Any thread; the completion comes once, on any thread: checking a password is slow on purpose.
public protocol Authenticator: Sendable {
    func verify(_ credentials: Credentials, completion: @escaping @Sendable (AuthenticationResult) -> Void)
}

public enum AuthenticationResult: Hashable, Sendable {
    case accepted(Account)
    /// No such login, or another password: the peer must not learn which. The text is for the log.
    case rejected(String)
    /// Nothing was checked: too many at a time, or a file that cannot be read. The text is for the log.
    case unavailable(String)
}

/// A login that was checked.
public struct Account: Hashable, Sendable {
    /// With its domain, in lower case: `anna@example.com`.
    public var login: String
    /// Whose outbound policy holds for it.
    public var policyDomain: String

    public init(login: String, policyDomain: String) {
        self.login = login
        self.policyDomain = policyDomain
    }
}
