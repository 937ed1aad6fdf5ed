import Foundation
import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Telemetry

@Suite struct MailFlowLogTests {
    /// A folder of its own, removed with the test.
    final class Folder {
        let path = NSTemporaryDirectory() + "postern-log-\(UUID().uuidString)"
        init() { try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func read(_ name: String) -> String { (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? "" }
    }

    @Test func everyLineOfManyThreadsIsWrittenWhole() async throws {
        let folder = Folder()
        let log = try MailFlowLog(output: .file(folder.path + "/mail.log"), clock: ManualLoop())
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for n in 0..<5000 { log.write(MailEvent("queued", [("thread", .integer(thread)), ("n", .integer(n))])) } }
            }
        }
        log.flush()
        let lines = folder.read("mail.log").split(separator: "\n")
        #expect(lines.count + log.droppedLines == 20_000)
        #expect(log.droppedLines == 0)
        #expect(lines.allSatisfy { $0.hasPrefix("time=") && $0.contains(" event=queued thread=") })
        for thread in 0..<4 {
            let order = lines.filter { $0.contains("thread=\(thread) ") }.map { Int($0.split(separator: "=").last!)! }
            #expect(order == Array(0..<5000))
        }
    }

    @Test func linesComeByThemselvesWithoutFlush() async throws {
        let folder = Folder()
        let log = try MailFlowLog(output: .file(folder.path + "/mail.log"), clock: ManualLoop())
        log.write(MailEvent("connect", []))
        for _ in 0..<500 where folder.read("mail.log").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        #expect(folder.read("mail.log").hasSuffix("event=connect\n"))
    }

    @Test func reopenGoesOnInANewFile() throws {
        let folder = Folder()
        let log = try MailFlowLog(output: .file(folder.path + "/mail.log"), format: .json, clock: ManualLoop())
        log.write(MailEvent("first", []))
        log.flush()
        try FileManager.default.moveItem(atPath: folder.path + "/mail.log", toPath: folder.path + "/mail.log.1")
        log.write(MailEvent("second", []))
        log.reopen()
        log.write(MailEvent("third", []))
        log.close()
        #expect(folder.read("mail.log.1").contains("second") && !folder.read("mail.log.1").contains("third"))
        #expect(folder.read("mail.log").contains("third") && !folder.read("mail.log").contains("second"))
        log.write(MailEvent("late", []))
        #expect(log.droppedLines == 1)
    }

    @Test func aFileThatCannotBeMadeIsSaidAtOnce() {
        #expect(throws: MailFlowLog.OpenFailure.self) { try MailFlowLog(output: .file("/nowhere/mail.log"), clock: ManualLoop()) }
    }

    /// Reading from a pipe that nobody empties: the writer blocks, the callers do not, and what was lost is told.
    @Test func aDiskThatBlocksDropsLinesAndCountsThem() async throws {
        let folder = Folder()
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let log = try MailFlowLog(output: .file(path), clock: ManualLoop())
        let filler = String(repeating: "x", count: 1000)
        for _ in 0..<10_000 { log.write(MailEvent("queued", [("v", .text(filler))])) }
        let dropped = log.droppedLines
        #expect(dropped > 4000)

        let wanted = "event=log_dropped lines=\(dropped)"
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var patience = 2000
        while patience > 0, !String(decoding: text.suffix(400), as: UTF8.self).contains(wanted) {
            let count = read(reader, &chunk, chunk.count)
            if count > 0 {
                text.append(contentsOf: chunk[..<count])
            } else {
                patience -= 1
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(String(decoding: text.suffix(400), as: UTF8.self).contains(wanted))
        log.close()
        close(reader)
    }
}
