import Dispatch
import Glibc
import Mail
import Synchronization

/// Checks logins against the password files of the domains: `OutboundPolicy.accounts` of the snapshot in force.
///
/// An unknown login costs what a wrong password costs: its password is checked against a hash that no password has.
public final class PasswordAuthenticator: Authenticator {
    /// Bytes of a login: a local part, `@` and a domain.
    static let longestLogin = 64 + 1 + 255

    typealias Check = @Sendable (_ password: String, _ hash: Argon2Hash) throws -> Bool

    private struct SoleDomain {
        var generation: Int
        var domain: String?
    }

    private let policy: any PolicySource
    private let pool: CheckingPool
    private let check: Check
    private let soleDomain = Mutex<SoleDomain?>(nil)
    private let salt: [UInt8]

    public convenience init(policy: any PolicySource) {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        self.init(policy: policy, bounds: .init(concurrency: max(1, cores / 2))) { try Argon2.matches($0, $1) }
    }

    init(policy: any PolicySource, bounds: CheckingPool.Bounds, check: @escaping Check) {
        self.policy = policy
        self.check = check
        pool = CheckingPool(bounds)
        var random = SystemRandomNumberGenerator()
        salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    public func verify(_ credentials: Credentials, completion: @escaping @Sendable (AuthenticationResult) -> Void) {
        let policy = policy.current
        // What is refused here says nothing of which logins there are.
        guard (1...Self.longestLogin).contains(credentials.login.utf8.count) else {
            return completion(.rejected("a login of \(credentials.login.utf8.count) bytes"))
        }
        guard let login = fullLogin(credentials.login, policy) else {
            return completion(
                .rejected("a login without domain, and \(policy.domains.isEmpty ? "no" : "not just one") domain has accounts"))
        }
        let asWhom = credentials.authorizationID.isEmpty ? login : fullLogin(credentials.authorizationID, policy)
        guard asWhom == login else { return completion(.rejected("may not act as somebody else")) }

        let domain = login.lastIndex(of: "@").flatMap { policy.domains[String(login[login.index(after: $0)...])] }
        let known = domain?.outbound?.accounts[login].flatMap { try? Argon2Hash($0) }
        let hash = known ?? nobodysHash(likeThoseOf: domain)
        let (check, password) = (check, credentials.password)
        let isTaken = pool.submit(memory: hash.cost.memory) {
            let result: AuthenticationResult
            do {
                let matches = try check(password, hash)
                if let domain, known != nil, matches {
                    result = .accepted(Account(login: login, policyDomain: domain.domain))
                } else {
                    result = .rejected(known == nil ? "no such login" : "wrong password")
                }
            } catch { result = .unavailable("\(error)") }
            completion(result)
        }
        if !isTaken { completion(.unavailable("too many logins are being checked")) }
    }

    /// In lower case; without `@` it is one of the only domain that has accounts. nil: there is none, or there are several.
    private func fullLogin(_ login: String, _ policy: PolicySnapshot) -> String? {
        let login = login.lowercased()
        if login.utf8.contains(UInt8(ascii: "@")) { return login }
        return soleDomain(of: policy).map { "\(login)@\($0)" }
    }

    private func soleDomain(of policy: PolicySnapshot) -> String? {
        soleDomain.withLock { sole in
            if let sole, sole.generation == policy.generation { return sole.domain }
            var found: Set<String> = []
            for domain in policy.domains.values where domain.outbound?.accounts.isEmpty == false {
                found.insert(domain.domain)
                if found.count > 1 { break }
            }
            let domain = found.count == 1 ? found.first : nil
            sole = SoleDomain(generation: policy.generation, domain: domain)
            return domain
        }
    }

    /// As costly as those of the domain's accounts, or else as new ones.
    private func nobodysHash(likeThoseOf domain: DomainPolicy?) -> Argon2Hash {
        let cost = domain?.outbound?.accounts.first.flatMap { try? Argon2Hash($0.value).cost } ?? .preset
        return Argon2Hash(cost: cost, salt: salt, digest: [UInt8](repeating: 0, count: 32))
    }
}
