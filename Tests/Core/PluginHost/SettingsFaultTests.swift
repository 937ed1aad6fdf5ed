import Foundation
import Logging
import Mail
import PluginLoader
import Synchronization
import Testing

@testable import PluginHost

/// New settings that end a worker, or hold it up: they are refused for good, and those who serve go on.
@Suite(.timeLimit(.minutes(5)))
struct SettingsFaultTests {
    /// A folder that settings may name, so that they need another worker than the one that serves.
    private static let manifest = WorkerTests.manifest.merging(["files": #"[{"setting": "/path", "folder": true}]"#]) { $1 }

    /// Does as the settings' label says; `wait`: comes back when there is a file `gate` in the folder.
    private func plugins(start: Duration) throws -> TestPlugins {
        let plugins = try TestPlugins(.worker)
        try FileManager.default.createDirectory(atPath: plugins.folder + "/granted", withIntermediateDirectories: true)
        try plugins.compile(
            "return POSTERN_DONE;",
            globals: """
                #include <fcntl.h>
                #include <signal.h>
                #include <unistd.h>
                void *memmem(const void *, size_t, const void *, size_t);
                static int says(postern_bytes s, const char *word) { return memmem(s.data, s.length, word, strlen(word)) != 0; }
                """,
            onSettings: """
                if (says(s, "segfault")) raise(SIGSEGV);
                while (says(s, "hang")) usleep(10000);
                while (says(s, "wait") && open("\(plugins.folder)/granted/gate", O_RDONLY) < 0) usleep(10000);
                """,
            manifest: Self.manifest)
        plugins.policy.common.start = start
        return plugins
    }

    private func settings(_ label: String, _ plugins: TestPlugins) -> JSONValue {
        .object(["label": .string(label), "path": .string(plugins.folder + "/granted")])
    }

    private func judge(_ plugins: TestPlugins) throws {
        let (_, events) = try plugins.start(.data, message: "x")
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        #expect(events.verdicts.map(\.result) == [.done], "\(events.verdicts.map(\.detail)) \(plugins.log.lines)")
    }

    private func workers(_ plugins: TestPlugins) -> [pid_t] { plugins.host.list().first?.workers ?? [] }

    @Test(arguments: [
        ("segfault", ["ended when it was given the settings: SIGSEGV"]), ("hang", ["did not answer within", "took too long to start"]),
    ])
    func refusedSettingsDoNotComeBack(_ label: String, _ whys: [String]) throws {
        let plugins = try plugins(start: .seconds(10))
        try judge(plugins)
        let serving = workers(plugins)
        var slot = FilterSlot(name: "slot", plugin: "test")
        slot.home = .worker
        slot.settings = settings(label, plugins)
        #expect { try plugins.host.instance(for: slot) } throws: { error in whys.contains { "\(error)".contains($0) } }
        // They were given to one that would have taken over.
        try judge(plugins)
        #expect(workers(plugins) == serving)
        kill(try #require(serving.first), SIGKILL)
        WorkerTests.wait(plugins) { workers(plugins).count == 1 && workers(plugins) != serving }
        try judge(plugins)
        let next = workers(plugins)
        // It has not been given them: it takes others, and lives.
        slot.settings = .object(["label": .string("good")])
        _ = try plugins.host.instance(for: slot)
        try judge(plugins)
        #expect(next != serving && workers(plugins) == next, "\(plugins.log.lines)")
    }

    /// It was asked of the one that serves, while another starts for somebody else.
    @Test func theOneThatDoesNotAnswerIsEnded() throws {
        let plugins = try plugins(start: .seconds(10))
        let (files, _) = PluginFiles.discover(in: [plugins.folder])
        let log = plugins.log
        let workers = Workers(WorkerProgram(path: TestPlugins.worker))
        let generation = try workers.generation(
            number: 1, isDomains: false, files: try #require(files.first), copies: LibraryCopies(folder: plugins.folder + "/copies"),
            limits: plugins.policy.common, stats: PluginStats(plugin: "test"),
            services: GatewayServices(resolver: plugins.resolver, state: plugins.state, http: plugins.http),
            logger: Logger(label: "test", factory: { _ in log.handler }))
        let first = try generation.makeInstance(.object([:]), digest: "").get()
        let serving = try #require(generation.pid)
        let made = Mutex<Result<any FilterInstance, SettingsRefusal>?>(nil)
        let other = settings("wait", plugins)
        let done = DispatchSemaphore(value: 0)
        Thread {
            // While the check is under way.
            usleep(5_000_000)
            let result = generation.makeInstance(other, digest: "")
            made.withLock { $0 = result }
            done.signal()
        }.start()
        let said = generation.check(.object(["label": .string("hang")])).map(\.description).joined()
        #expect(said.contains("did not answer within"), "\(said)")
        _ = FileManager.default.createFile(atPath: plugins.folder + "/granted/gate", contents: nil)
        done.wait()
        #expect(throws: Never.self) { try made.withLock { try $0?.get() } }
        WorkerTests.wait(plugins) { kill(serving, 0) != 0 && generation.pid != nil }
        #expect(kill(serving, 0) != 0 && generation.pid != nil && generation.pid != serving, "\(log.lines)")
        withExtendedLifetime((first, workers)) {}
    }
}
