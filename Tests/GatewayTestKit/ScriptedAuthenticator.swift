import Mail
import Synchronization

/// Knows the logins that the test names; answers at once, or when the test says so. Keeps what it was asked.
public final class ScriptedAuthenticator: Authenticator {
    private struct State {
        var asked: [Credentials] = []
        var isHeld = false
        var pending: [@Sendable () -> Void] = []
        var trouble: String?
    }

    private let accounts: [String: (password: String, domain: String)]
    private let state = Mutex(State())

    /// Login -> password and policy domain.
    public init(_ accounts: [String: (password: String, domain: String)]) { self.accounts = accounts }

    public func hold() { state.withLock { $0.isHeld = true } }
    /// Answers what waits.
    public func answer() {
        let work = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for body in work { body() }
    }
    /// From now on nothing can be checked; nil: it can.
    public func fail(_ trouble: String?) { state.withLock { $0.trouble = trouble } }

    public var asked: [Credentials] { state.withLock { $0.asked } }

    public func verify(_ credentials: Credentials, completion: @escaping @Sendable (AuthenticationResult) -> Void) {
        let result: AuthenticationResult =
            if let trouble = state.withLock({ $0.trouble }) {
                .unavailable(trouble)
            } else if let known = accounts[credentials.login], known.password == credentials.password {
                .accepted(Account(login: credentials.login, policyDomain: known.domain))
            } else {
                .rejected(accounts[credentials.login] == nil ? "no such login" : "another password")
            }
        let isHeld = state.withLock { state in
            state.asked.append(credentials)
            if state.isHeld { state.pending.append { completion(result) } }
            return state.isHeld
        }
        if !isHeld { completion(result) }
    }
}
