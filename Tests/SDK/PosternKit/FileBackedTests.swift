import Foundation
import Synchronization
import Testing

@testable import PosternKit

/// Values made of files, and made again.
struct FileBackedTests {
    private final class Text: Sendable {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private struct Source: FileSource {
        let path: String
        var order = ReloadOrder.beside
        let obstacle: Obstacle
        var description: String { "the text" }
        func stamps() -> [FileStamp] { FileStamp.files(in: path) }
        func order(replacing old: Text) -> ReloadOrder { obstacle.isHeld.load(ordering: .relaxed) ? .hold(reason: "now") : order }
        func summary(of value: Text) -> String { value.text }
        func load(isFirst: Bool) throws -> Text {
            try obstacle.check()
            guard let text = try? String(contentsOfFile: path + "/a", encoding: .utf8) else { throw FilterError("no text") }
            if text == "bad" { throw FilterError("a bad text, first: \(isFirst)") }
            return Text(text)
        }
    }

    /// Why nothing can be loaded for now, whatever the files hold.
    private final class Obstacle: Sendable {
        let reason = Mutex<String?>(nil)
        let attempts = Atomic(0)
        /// From now on the old value would have to go first.
        let isHeld = Atomic(false)
        func set(_ text: String?) { reason.withLock { $0 = text } }
        func check() throws {
            attempts.add(1, ordering: .relaxed)
            if let text = reason.withLock({ $0 }) { throw FilterError(text) }
        }
    }

    private final class Log: Sendable {
        let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
    }

    private let folder: String
    private let log = Log()
    private let obstacle = Obstacle()

    init() throws {
        folder = NSTemporaryDirectory() + "postern-files-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func files(
        _ order: ReloadOrder = .beside, pause: Duration = .seconds(60), begin: @escaping FileKeeper<Source>.Begin = { $0.beginThread() }
    ) -> FileBacked<Source> {
        let source = Source(path: folder, order: order, obstacle: obstacle)
        return FileBacked(
            FileKeeper(source, every: .milliseconds(20), pause: pause, begin: begin) { [log] level, text in
                log.lines.withLock { $0.append("\(level): \(text)") }
            })
    }

    private func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: folder + "/a"), options: .atomic) }

    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<6000 where !condition() { usleep(5000) }
        return condition()
    }

    private func text(_ files: FileBacked<Source>) -> String? { if case .ready(let value) = files.state { value.text } else { nil } }

    @Test func loadedAndLoadedAgain() throws {
        try write("one")
        let files = files()
        #expect(wait { text(files) == "one" })
        try write("two")
        #expect(wait { text(files) == "two" })
        #expect(files.generation == 2)
        #expect(log.all == ["info: the text is loaded: one", "info: the text is loaded again: two"])
    }

    @Test func theOldGoesOnWhenTheNewIsBad() throws {
        try write("one")
        let files = files()
        #expect(wait { text(files) == "one" })
        try write("bad")
        #expect(wait { log.all.contains("error: a bad text, first: false; what was loaded before goes on") })
        #expect(text(files) == "one")
        try write("three")
        #expect(wait { text(files) == "three" })
    }

    @Test func failedUntilTheFilesAreMended() throws {
        let files = files()
        #expect(wait { if case .failed("no text") = files.state { true } else { false } })
        try write("bad")
        #expect(wait { if case .failed("a bad text, first: true") = files.state { true } else { false } })
        try write("one")
        #expect(wait { text(files) == "one" })
    }

    /// What fails for a passing reason is tried again though no file changes, and told once a reason.
    @Test(arguments: [false, true]) func aFailureThatPasses(_ isFirst: Bool) throws {
        try write("one")
        if isFirst { obstacle.set("no memory") }
        let files = files(pause: .milliseconds(30))
        if !isFirst {
            #expect(wait { text(files) == "one" })
            obstacle.set("no memory")
            try write("two")
        }
        #expect(wait { log.all.contains { $0.hasPrefix("error: no memory") } })
        var before = obstacle.attempts.load(ordering: .relaxed)
        #expect(wait { obstacle.attempts.load(ordering: .relaxed) > before + 3 })
        obstacle.set("no right")
        before = obstacle.attempts.load(ordering: .relaxed)
        #expect(wait { obstacle.attempts.load(ordering: .relaxed) > before + 3 })
        #expect(text(files) == (isFirst ? nil : "one"))
        obstacle.set(nil)
        #expect(wait { text(files) == (isFirst ? "one" : "two") })
        #expect(log.all.filter { $0.hasPrefix("error: ") }.count == 2, "\(log.all)")
    }

    /// What works is not given up for another attempt at what could not be loaded.
    @Test func anotherAttemptGivesNothingUp() throws {
        try write("one")
        let files = files(pause: .milliseconds(30))
        #expect(wait { text(files) == "one" })
        try write("bad")
        #expect(wait { log.all.contains { $0.contains("goes on") } })
        obstacle.isHeld.store(true, ordering: .relaxed)
        usleep(200_000)
        #expect(text(files) == "one" && files.generation == 1)
        #expect(!log.all.contains { $0.contains("mail waits") }, "\(log.all)")
        // New files are worth it.
        try write("two")
        #expect(wait { text(files) == "two" })
    }

    @Test func aThreadThatCannotBeMadeAtFirst() throws {
        try write("one")
        let attempts = Atomic(0)
        let isPossible = Atomic(false)
        let files = files(pause: .milliseconds(30)) { thread in
            attempts.add(1, ordering: .relaxed)
            return isPossible.load(ordering: .relaxed) ? thread.beginThread() : EAGAIN
        }
        #expect(wait { if case .failed(let why) = files.state { why.contains("no thread") } else { false } })
        #expect(wait { text(files) == nil && attempts.load(ordering: .relaxed) > 2 })
        isPossible.store(true, ordering: .relaxed)
        #expect(wait { text(files) == "one" })
        #expect(log.all.filter { $0.contains("no thread") }.count == 1, "\(log.all)")
    }

    /// Nothing is offered while the old value is in use, and both are never there together.
    @Test func heldUntilTheOldIsGone() throws {
        try write("one")
        let files = files(.hold(reason: "a test"))
        #expect(wait { text(files) == "one" })
        var user: Text?
        if case .ready(let value) = files.state { user = value }
        try write("two")
        #expect(wait { log.all.contains { $0.contains("has changed: mail waits until it is loaded (a test)") } })
        usleep(100_000)
        #expect(text(files) == nil && files.generation == 1)
        #expect(user?.text == "one")
        user = nil
        #expect(wait { text(files) == "two" })
    }

    @Test func theThreadEndsWithItsOwner() throws {
        try write("one")
        var files: FileBacked<Source>? = files()
        #expect(wait { text(files!) == "one" })
        files = nil
        usleep(50_000)
        try write("two")
        usleep(100_000)
        #expect(log.all.count == 1)
    }
}
