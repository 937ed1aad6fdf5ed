import Mail
import Testing

@testable import Settings

/// `workers:` of postern.yaml.
@Suite struct WorkersReaderTests {
    private func policy(_ lines: String) throws -> WorkerPolicy {
        try ConfigurationFolder(["postern.yaml": ConfigurationFolder.gateway + lines]).settings().workers
    }

    @Test func withoutIt() throws {
        #expect(try policy("") == WorkerPolicy())
        #expect(WorkerUsers().description == "60706-61183")
    }

    @Test func whatIsSaidOfOnePluginStandsOverWhatIsSaidOfAll() throws {
        let policy = try policy(
            "workers: {memory: 2GB, threads: 2, retries: 1, temporary: 64MB, grace: 2s, start: 5m, heartbeat: 20s, user: 50000-50009, "
                + "per_domain: {idle: 1m}, plugins: {clamav: {memory: 6GB, user: 50100, per_domain: {most: 3}}}}")
        #expect(policy.common.memory == 2 << 30)
        #expect(policy.common.threads == 2)
        #expect(policy.common.retries == 1)
        #expect(policy.common.temporaryBytes == 64 << 20)
        #expect(policy.common.grace == .seconds(2))
        #expect(policy.common.start == .seconds(300))
        #expect(policy.common.heartbeat == .seconds(20))
        #expect(policy.common.idle == .seconds(60))
        #expect(policy.common.mostPerDomain == 16)
        #expect(policy.common.users == WorkerUsers(50_000...50_009))
        var clamav = policy.common
        clamav.memory = 6 << 30
        clamav.mostPerDomain = 3
        clamav.users = WorkerUsers(50_100...50_100, group: 50_100)
        #expect(policy.limits(of: "clamav") == clamav)
        #expect(policy.limits(of: "yara") == policy.common)
    }

    /// Room for all threads at once, unless something is said of it.
    @Test func temporaryFilesGoWithThreads() throws {
        let policy = try policy("workers: {plugins: {clamav: {threads: 8}, yara: {temporary: 64MB, threads: 8}}}")
        #expect(policy.common.temporaryBytes == 2 << 30)
        #expect(policy.limits(of: "clamav").temporaryBytes == 4 << 30)
        #expect(policy.limits(of: "yara").temporaryBytes == 64 << 20)
    }

    @Test func usersAndGroupsByName() throws {
        let policy = try policy("workers: {user: nobody, plugins: {clamav: {group: daemon}}}")
        #expect(policy.common.users.description == "65534:65534")
        #expect(policy.limits(of: "clamav").users.description == "65534:1")
    }
}
