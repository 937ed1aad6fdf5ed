import Foundation
import Mail
import Synchronization
import Testing

@testable import Settings

@Suite struct LivePolicyTests {
    func live(_ folder: ConfigurationFolder, willTake: @escaping @Sendable (GatewaySettings) throws -> Void = { _ in }) throws -> LivePolicy
    {
        LivePolicy(initial: try folder.settings(), folder: folder.path, loader: ConfigurationFolder.loader, willTake: willTake)
    }

    @Test func aGoodChangeIsTakenAndABadOneIsNot() throws {
        let folder = ConfigurationFolder()
        let live = try live(folder)
        let pinned = live.current
        folder.write("domains/example.com.yaml", ConfigurationFolder.domain + "filters: [hello]\n")
        #expect(try live.reload().get().settings.policy.generation == 2)
        #expect(live.current.generation == 2 && live.current.domains["example.com"]?.filters.count == 1)
        // Who holds the old one goes on with it.
        #expect(pinned.generation == 1 && pinned.domains["example.com"]?.filters.isEmpty == true)

        folder.write("domains/example.com.yaml", ConfigurationFolder.domain + "filters: [helo]\n")
        guard case .failure(let errors) = live.reload() else { Issue.record("taken"); return }
        #expect(errors.description.hasSuffix("example.com.yaml:4:11: there is no plugin `helo`; did you mean `hello`?"))
        #expect(live.current.generation == 2 && live.current.domains["example.com"]?.filters.count == 1)
        folder.write("domains/example.com.yaml", ConfigurationFolder.domain)
        #expect(try live.reload().get().settings.policy.generation == 3)
    }

    /// A value that several threads share.
    final class Shared<Value: Sendable>: Sendable {
        private let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
        func with<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
            value.withLock { value in
                var copy = value
                defer { value = copy }
                return body(&copy)
            }
        }
        var now: Value { with { $0 } }
    }

    struct NotReady: Error, CustomStringConvertible { let description = "hello does not load" }

    @Test func whatCannotBePreparedIsRefused() throws {
        let folder = ConfigurationFolder()
        let asked = Shared(0)
        let live = try live(folder) { settings in
            asked.with { $0 += settings.policy.generation }
            throw NotReady()
        }
        guard case .failure(let errors) = live.reload() else { Issue.record("taken"); return }
        #expect(errors.description.contains("the gateway cannot take it: hello does not load"))
        #expect(live.current.generation == 1 && asked.now == 2)
    }

    @Test func whatNeedsARestartIsSaid() throws {
        let folder = ConfigurationFolder()
        let live = try live(folder)
        folder.write(
            "postern.yaml", ConfigurationFolder.gateway.replacing("2525", with: "2526").replacing("data: data", with: "data: other"))
        let taken = try live.reload().get()
        #expect(
            taken.warnings.map(\.description).map { $0.replacing(folder.path + "/", with: "") } == [
                "postern.yaml: warning: `listen` changed, and the gateway goes on with the old one; restart the gateway for it",
                "postern.yaml: warning: `data` changed, and the gateway goes on with the old one; restart the gateway for it",
                "postern.yaml: warning: `control` changed, and the gateway goes on with the old one; restart the gateway for it",
            ])
    }

    /// Readers on other threads see whole snapshots only, in order.
    @Test func readersNeverSeeAMixture() async throws {
        let folder = ConfigurationFolder()
        let live = try live(folder)
        let isDone = Shared(false)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    var last = 0
                    while !isDone.now {
                        let snapshot = live.current
                        if snapshot.generation < last { Issue.record("generation \(snapshot.generation) after \(last)") }
                        last = snapshot.generation
                        let names = snapshot.domains["example.com"]!.filters.map { $0[0].name }
                        let wanted = last % 2 == 1 ? [] : ["hello"]
                        if names != wanted { Issue.record("generation \(last) with \(names)") }
                        await Task.yield()
                    }
                }
            }
            for n in 0..<50 {
                folder.write("domains/example.com.yaml", ConfigurationFolder.domain + (n % 2 == 0 ? "filters: [hello]\n" : ""))
                if case .failure(let errors) = live.reload() { Issue.record("\(errors)") }
            }
            isDone.with { $0 = true }
        }
        #expect(live.current.generation == 51)
    }

    @Test func changedFilesAreTakenByThemselves() async throws {
        let folder = ConfigurationFolder([
            "domains/example.com.yaml": ConfigurationFolder.domain.replacing("any", with: "{file: lists/all.txt}"),
            "lists/all.txt": "bob\n",
        ])
        let live = try live(folder)
        let results = Shared<[Bool]>([])
        try live.watchFiles { result in
            results.with { $0.append((try? result.get()) != nil) }
        }
        func wait(_ what: String, _ done: () -> Bool) async throws {
            for _ in 0..<1000 where !done() { try await Task.sleep(for: .milliseconds(10)) }
            #expect(done(), "\(what)")
        }
        // A new domain, several files at once: one reload.
        folder.write("domains/new.example.yaml", ConfigurationFolder.domain.replacing("example.com", with: "new.example"))
        folder.write("domains/newer.example.yaml", ConfigurationFolder.domain.replacing("example.com", with: "newer.example"))
        try await wait("new domains") { live.current.domains["newer.example"] != nil && live.current.domains["new.example"] != nil }
        // A list of recipients.
        folder.write("lists/all.txt", "bob\nalice\n")
        try await wait("recipients") { live.current.domains["example.com"]?.recipients == .list(["bob", "alice"]) }
        // A bad file is told and changes nothing.
        let generation = live.current.generation
        folder.write("domains/new.example.yaml", "domain: [\n")
        try await wait("refused") { results.with { $0.contains(false) } }
        #expect(live.current.generation == generation && live.current.domains["new.example"] != nil)
        folder.remove("domains/new.example.yaml")
        try await wait("removed") { live.current.domains["new.example"] == nil }
        // Other files in the folder are nobody's business.
        let count = results.with { $0.count }
        folder.write("notes.txt", "x")
        live.stopWatching()
        #expect(results.with { $0.count } == count)
    }
}
