import GatewayTestKit
import Glibc
import Mail
import Synchronization
import Testing

@testable import Accounts

@Suite struct PasswordAuthenticatorTests {
    struct Source: PolicySource {
        let current: PolicySnapshot
    }

    /// Cheap: what is tested here is not the cost.
    static let cost = Argon2Hash.Cost(memory: 64, passes: 1, lanes: 1)

    static func policy(_ accounts: [String: [String: String]], aliases: [String: [String]] = [:]) throws -> Source {
        var domains: [DomainPolicy] = []
        for (name, logins) in accounts {
            var policy = DomainPolicy(domain: name)
            policy.aliases = aliases[name] ?? []
            var outbound = OutboundPolicy()
            outbound.accounts = try logins.mapValues { try Argon2Hash(hashing: $0, cost: cost).text }
            policy.outbound = outbound
            domains.append(policy)
        }
        return Source(current: PolicySnapshot(generation: 1, hostname: "mx.example", domains: domains))
    }

    /// What was checked, in order.
    final class Checks: Sendable {
        private let hashes = Mutex<[Argon2Hash]>([])
        var all: [Argon2Hash] { hashes.withLock { $0 } }
        func check(_ password: String, _ hash: Argon2Hash) throws -> Bool {
            hashes.withLock { $0.append(hash) }
            return try Argon2.matches(password, hash)
        }
    }

    private func ask(_ authenticator: PasswordAuthenticator, _ login: String, _ password: String, as whom: String = "") async
        -> AuthenticationResult
    {
        await withCheckedContinuation { done in
            authenticator.verify(Credentials(authorizationID: whom, login: login, password: password)) { done.resume(returning: $0) }
        }
    }

    @Test func rightAndWrong() async throws {
        let policy = try Self.policy(
            ["example.com": ["anna@example.com": "secret", "bob@example.net": "Пароль"], "example.org": ["anna@example.org": "other"]],
            aliases: ["example.com": ["example.net"]])
        let authenticator = PasswordAuthenticator(policy: policy)
        let anna = AuthenticationResult.accepted(Account(login: "anna@example.com", policyDomain: "example.com"))
        #expect(await ask(authenticator, "anna@example.com", "secret") == anna)
        #expect(await ask(authenticator, "Anna@EXAMPLE.com", "secret") == anna)
        #expect(await ask(authenticator, "anna@example.com", "secret", as: "ANNA@example.com") == anna)
        #expect(
            await ask(authenticator, "bob@example.net", "Пароль")
                == .accepted(Account(login: "bob@example.net", policyDomain: "example.com")))
        for password in ["Secret", "secret ", "", "secre", "secret\0", "other", "Пароль"] {
            #expect(await ask(authenticator, "anna@example.com", password) == .rejected("wrong password"), "\(password)")
        }
        // Composed and decomposed are different bytes.
        let composed = try Self.policy(["example.com": ["c@example.com": "caf\u{E9}"]])
        #expect(await ask(PasswordAuthenticator(policy: composed), "c@example.com", "cafe\u{301}") == .rejected("wrong password"))
        for login in ["nobody@example.com", "anna@example.net", "bob@example.com", "anna@nowhere.example", "@", "@example.com", "anna@"] {
            #expect(await ask(authenticator, login, "secret") == .rejected("no such login"), "\(login)")
        }
        for other in ["bob@example.net", "root", "anna@example.com\0"] {
            #expect(await ask(authenticator, "anna@example.com", "secret", as: other) == .rejected("may not act as somebody else"))
        }
        // Two domains have accounts: whose is it?
        guard case .rejected = await ask(authenticator, "anna", "secret") else { Issue.record("accepted"); return }
        for login in ["", String(repeating: "a", count: 321)] {
            guard case .rejected = await ask(authenticator, login, "secret") else { Issue.record("accepted"); return }
        }
    }

    @Test func aLoginWithoutDomain() async throws {
        let one = try Self.policy(["example.com": ["anna@example.com": "secret"], "example.org": [:]])
        let accepted = AuthenticationResult.accepted(Account(login: "anna@example.com", policyDomain: "example.com"))
        let authenticator = PasswordAuthenticator(policy: one)
        #expect(await ask(authenticator, "Anna", "secret") == accepted)
        #expect(await ask(authenticator, "anna", "secret", as: "anna") == accepted)
        #expect(await ask(authenticator, "anna", "secret", as: "anna@example.com") == accepted)
        #expect(await ask(authenticator, "nobody", "secret") == .rejected("no such login"))
        guard case .rejected = await ask(PasswordAuthenticator(policy: try Self.policy([:])), "anna", "secret") else {
            Issue.record("accepted")
            return
        }
    }

    /// Not the time is compared, which a busy machine moves, but what is done: the same work, with the same cost.
    @Test func anUnknownLoginCostsTheSame() async throws {
        let checks = Checks()
        let policy = try Self.policy(["example.com": ["anna@example.com": "secret"]])
        let authenticator = PasswordAuthenticator(policy: policy, bounds: .init(concurrency: 1)) { try checks.check($0, $1) }
        _ = await ask(authenticator, "anna@example.com", "wrong")
        _ = await ask(authenticator, "nobody@example.com", "wrong")
        _ = await ask(authenticator, "nobody", "wrong")
        #expect(checks.all.count == 3)
        #expect(Set(checks.all.map(\.cost)) == [Self.cost])
        #expect(Set(checks.all.map(\.salt.count)) == [16] && Set(checks.all.map(\.digest.count)) == [32])
        // Of a domain that is not ours: as costly as a new hash.
        _ = await ask(authenticator, "nobody@nowhere.example", "wrong")
        #expect(checks.all.last?.cost == .preset)
    }

    /// What Settings would have refused.
    @Test func aHostileHashIsNoHash() async throws {
        for text in ["", "*", "$1$abc", "$argon2id$v=19$m=999999999,t=9,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", "secret"] {
            var domain = DomainPolicy(domain: "example.com")
            domain.outbound = OutboundPolicy()
            domain.outbound?.accounts = ["anna@example.com": text]
            let source = Source(current: PolicySnapshot(generation: 1, hostname: "mx", domains: [domain]))
            let result = await ask(PasswordAuthenticator(policy: source), "anna@example.com", "secret")
            guard case .accepted = result else { continue }
            Issue.record("\(text) was accepted")
        }
    }

    /// A check that waits until it is told to go on.
    final class Doors: Sendable {
        private let state = Mutex((inside: 0, most: 0, isOpen: false))
        var inside: Int { state.withLock { $0.inside } }
        var most: Int { state.withLock { $0.most } }
        func open() { state.withLock { $0.isOpen = true } }
        func pass() {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            while !state.withLock({ $0.isOpen }) { usleep(1000) }
            state.withLock { $0.inside -= 1 }
        }
    }

    @Test func checksAreBounded() async throws {
        let doors = Doors()
        let policy = try Self.policy(["example.com": ["anna@example.com": "secret"]])
        let authenticator = PasswordAuthenticator(policy: policy, bounds: .init(concurrency: 2, waiting: 5)) { _, _ in
            doors.pass()
            return true
        }
        let answers = Answers()
        for _ in 0..<50 {
            authenticator.verify(Credentials(login: "anna@example.com", password: "secret")) { answers.add($0) }
        }
        try await answers.wait { doors.inside == 2 }
        // Two at work, five waiting; what came on top heard so at once. A check that began while we asked made room for one more.
        try await answers.wait { (43...48).contains(answers.all.count) }
        #expect(answers.all.allSatisfy { $0 == .unavailable("too many logins are being checked") })
        doors.open()
        try await answers.wait { answers.all.count == 50 }
        #expect(doors.most == 2)
        #expect(answers.all.count { $0 == .accepted(Account(login: "anna@example.com", policyDomain: "example.com")) } >= 2)
        // There is room again.
        #expect(
            await ask(authenticator, "anna@example.com", "secret")
                == .accepted(Account(login: "anna@example.com", policyDomain: "example.com")))
    }

    @Test func memoryIsBounded() async throws {
        let doors = Doors()
        let pool = CheckingPool(.init(concurrency: 8, memory: 100, waiting: 8))
        #expect(!pool.submit(memory: 101) {})
        let answers = Answers()
        for _ in 0..<5 {
            #expect(
                pool.submit(memory: 40) {
                    doors.pass()
                    answers.add(.rejected(""))
                })
        }
        try await answers.wait { doors.inside == 2 }
        doors.open()
        try await answers.wait { answers.all.count == 5 }
        #expect(doors.most == 2)
    }

    final class Answers: Sendable {
        private let results = Mutex<[AuthenticationResult]>([])
        var all: [AuthenticationResult] { results.withLock { $0 } }
        func add(_ result: AuthenticationResult) { results.withLock { $0.append(result) } }
        /// Waits, with a bound.
        func wait(until isTrue: () -> Bool) async throws {
            for _ in 0..<2000 where !isTrue() { try await Task.sleep(for: .milliseconds(5)) }
            #expect(isTrue())
        }
    }
}
