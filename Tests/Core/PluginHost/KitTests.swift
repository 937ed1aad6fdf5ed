import Foundation
import Mail
import PluginHost
import Testing

/// The Swift kit's async/await over the step function, through the real ABI.
struct KitTests {
    private func load() throws -> TestPlugins {
        let plugins = try TestPlugins()
        try FileManager.default.copyItem(at: Self.library.get(), to: URL(filePath: plugins.folder + "/async.so"))
        try plugins.write(id: "async")
        return plugins
    }

    /// Built once.
    private static let library = Result {
        let scratch = ProcessInfo.processInfo.environment["POSTERN_KIT_BUILD"] ?? NSTemporaryDirectory() + "/postern-kit-build"
        try run("swift", ["build", "--package-path", TestPlugins.tree + "/Tests/SDK/async-filter", "--scratch-path", scratch])
        return URL(filePath: scratch + "/debug/libasync.so")
    }

    @Test func questionsTogetherDetachedAndJoined() throws {
        let plugins = try load()
        let (_, events) = try plugins.start(.connect, id: "async")
        #expect(plugins.resolver.questions.map(\.name) == ["1.2.0.192.one.example", "1.2.0.192.two.example"])
        #expect(events.detached == [.rcpt])
        plugins.resolver.answer {
            $0.name.contains("two") ? DNSAnswer(status: .found, records: [[127, 0, 0, 2]]) : DNSAnswer(status: .nameError)
        }
        plugins.loop.runPending()
        #expect(events.verdicts.first?.symbols.map(\.name) == ["LIST_TWO"])
        #expect(events.verdicts.first?.symbols.first?.detail == "[2130706434]")
    }

    @Test func taskGroupAndTimer() throws {
        let plugins = try load()
        let (run, events) = try plugins.start(.rcpt, id: "async")
        #expect(plugins.resolver.questions.map(\.name) == ["a.example", "b.example"])
        plugins.resolver.answer { _ in DNSAnswer(status: .found, records: [[3, 65, 66, 67]]) }
        plugins.loop.runPending()
        #expect(run.waits == ["timer 2.0s 0.0s"])
        plugins.loop.advance(by: .seconds(2))
        #expect(events.verdicts.first?.symbols.map(\.name) == ["LIST_ABC", "LIST_ABC", "FOUND"])
        #expect(events.verdicts.first?.symbols.last?.detail == "b@example.com")
    }

    @Test func aThrownErrorIsTheResult() throws {
        let plugins = try load()
        let (_, events) = try plugins.start(.data, id: "async", message: "\r\n")
        plugins.resolver.answer { _ in DNSAnswer(status: .failed) }
        plugins.loop.runPending()
        #expect(events.verdicts.map(\.result) == [.error])
        #expect(events.verdicts.first?.detail == "the engine is out of order")
    }

    @Test(arguments: [Phase.connect, .rcpt, .data])
    func cancelAtTheFirstAwait(_ phase: Phase) throws {
        let plugins = try load()
        let (run, events) = try plugins.start(phase, id: "async", message: "\r\n")
        run.cancel(.timeout)
        plugins.resolver.answer { _ in DNSAnswer(status: .found) }
        plugins.loop.runPending()
        #expect(events.verdicts.map(\.result) == [.timeout])
        let status = try #require(plugins.host.list().first { $0.id == "async" })
        #expect(status.calls == 2 && status.running == 0)
    }
}
