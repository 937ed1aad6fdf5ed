import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import Store

/// What was said to be done is there after the process was killed.
struct StateCrashTests {
    @Test func `what was done is there after kill -9`() async throws {
        let folder = StateFolder()
        let output = folder.folder.path + "/numbers"
        let tree = URL(fileURLWithPath: #filePath).pathComponents.dropLast(5).joined(separator: "/").dropFirst()
        let writer = try ChildProcess("\(tree)/.build/debug/StateBenchmark", ["endless", folder.folder.path, "1"], output: output)
        func numbers() -> [Int] {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            // The last line may be half written.
            return text.prefix(upTo: text.lastIndex(of: "\n") ?? text.startIndex).split(separator: "\n").compactMap { Int($0) }
        }
        while numbers().count < 2000 { try await Task.sleep(for: .milliseconds(20)) }
        kill(writer.pid, SIGKILL)
        _ = writer.wait(seconds: 10)
        folder.clock.setClock(by: Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) - folder.clock.now)
        let state = try folder.open()
        let done = numbers()
        for number in done {
            let answer = await withCheckedContinuation { got in
                state.perform(
                    StateRequest(key: Array("k\(number)".utf8), .get), in: StateSpace(plugin: "bench", domain: "example.com")
                ) { got.resume(returning: $0) }
            }
            #expect(answer.status == .found && (number % 50 == 0 ? answer.value.count == 30_000 : answer.text == "k\(number)"))
        }
        // Counted with each entry, in the same order: nothing of it is lost either, and at most what was under way is added.
        let counted = await withCheckedContinuation { got in
            state.perform(
                StateRequest(key: Array("counter".utf8), .count(amount: 0, window: .seconds(3600))),
                in: StateSpace(plugin: "bench", domain: "example.com")
            ) { got.resume(returning: $0) }
        }
        #expect(counted.sum + 16 >= UInt64(done.count) && counted.sum <= UInt64(done.count) + 64)
        state.close()
    }
}
