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
        var description: String { "the text" }
        func stamps() -> [FileStamp] { FileStamp.files(in: path) }
        func order(replacing old: Text) -> ReloadOrder { order }
        func summary(of value: Text) -> String { value.text }
        func load(isFirst: Bool) throws -> Text {
            guard let text = try? String(contentsOfFile: path + "/a", encoding: .utf8) else { throw FilterError("no text") }
            if text == "bad" { throw FilterError("a bad text, first: \(isFirst)") }
            return Text(text)
        }
    }

    private final class Log: Sendable {
        let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
    }

    private let folder: String
    private let log = Log()

    init() throws {
        folder = NSTemporaryDirectory() + "postern-files-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func files(_ order: ReloadOrder = .beside) -> FileBacked<Source> {
        FileBacked(Source(path: folder, order: order), every: .milliseconds(20)) { [log] level, text in
            log.lines.withLock { $0.append("\(level): \(text)") }
        }
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
