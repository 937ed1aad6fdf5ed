import Foundation
import GRDB
import Mail
import Synchronization
import Testing

@testable import Store

/// Entries: what is kept for whom, on which condition, and for how long.
struct FilterStateTests {
    let folder = StateFolder()

    @Test func `an entry is there after a restart, in its own space only`() async throws {
        var state = try folder.open()
        let put = await state.put("key", "value")
        #expect(put.status == .done && put.version > 0)
        #expect(await state.put("key", "another", domain: nil).status == .done)
        state.close()
        state = try folder.open()
        let found = await state.ask("key", .get)
        #expect(found.status == .found && found.text == "value" && found.version == put.version && found.expiresAt == put.expiresAt)
        #expect(await state.get("key", domain: nil) == "another")
        #expect(await state.get("key", domain: "example.net") == nil)
        #expect(await state.get("key", plugin: "q") == nil)
        state.close()
        #expect(await state.ask("key", .get).status == .failed)
    }

    @Test func `each commit is synced`() async throws {
        let state = try folder.open()
        #expect(await state.put("key", "value").status == .done)
        state.close()
        // The level is the connection's own: DatabaseFile reads it back, and refuses less.
        let pool = try DatabaseFile.open(folder.folder.path + "/state.db", .state, .full, hadOne: nil)
        #expect(try await pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        try pool.close()
    }

    @Test func `compare and swap`() async throws {
        let state = try folder.open()
        let first = await state.put("key", "1", .ifAbsent)
        #expect(first.status == .done)
        let refused = await state.put("key", "2", .ifAbsent)
        #expect(refused.status == .conflict && refused.text == "1" && refused.version == first.version)
        let second = await state.put("key", "2", .ifVersion(first.version))
        #expect(second.status == .done && second.version > first.version)
        #expect(await state.put("key", "3", .ifVersion(first.version)).text == "2")
        #expect(await state.ask("key", .remove(.ifVersion(first.version))).status == .conflict)
        #expect(await state.ask("key", .remove(.ifVersion(second.version))).status == .done)
        let gone = await state.put("key", "3", .ifVersion(second.version))
        #expect(gone.status == .conflict && gone.version == 0)
        // A version never comes back, so that a stale one cannot match a new entry.
        #expect(await state.put("key", "4", .ifAbsent).version > second.version)
        state.close()
    }

    @Test func `of many that add one by compare and swap none is lost`() async throws {
        let state = try folder.open()
        _ = await state.put("n", "0")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10 {
                        while true {
                            let seen = await state.ask("n", .get)
                            let next = String(Int(seen.text)! + 1)
                            if await state.put("n", next, .ifVersion(seen.version)).status == .done { break }
                        }
                    }
                }
            }
        }
        #expect(await state.get("n") == "80")
        state.close()
    }

    @Test func `an entry is gone when its time is over, from the file soon after`() async throws {
        let state = try folder.open()
        _ = await state.put("short", "1", kept: .seconds(10))
        _ = await state.put("long", "2", kept: .seconds(1000))
        folder.clock.setClock(by: .seconds(9))
        #expect(await state.get("short") == "1")
        folder.clock.setClock(by: .seconds(1))
        #expect(await state.get("short") == nil)
        #expect(await state.scan("").keys == ["long"])
        #expect(await state.put("short", "3", .ifAbsent).status == .done)
        folder.clock.setClock(by: .seconds(4000))
        state.close()
        let again = try folder.open()
        #expect(await again.get("long") == nil)
        again.close()
        let rows = try await DatabaseQueue(path: folder.folder.path + "/state.db").read {
            (try Int.fetchOne($0, sql: "SELECT count(*) FROM entry"), try Int.fetchOne($0, sql: "SELECT count(*) FROM space"))
        }
        #expect(rows == (0, 0))
    }

    @Test func `more than a slice is removed though nobody asks`() async throws {
        let state = try folder.open()
        let slots = Mutex(0)
        for i in 0..<1000 {
            state.perform(
                StateRequest(key: Array("k\(i)".utf8), .put(value: [1], kept: .seconds(5), .always)),
                in: StateSpace(plugin: "p", domain: nil)
            ) { if $0.status == .done { slots.withLock { $0 += 1 } } }
        }
        while slots.withLock({ $0 }) < 1000 { try await Task.sleep(for: .milliseconds(5)) }
        folder.clock.setClock(by: .seconds(6))
        let file = try DatabaseQueue(path: folder.folder.path + "/state.db")
        while try await file.read({ try Int.fetchOne($0, sql: "SELECT count(*) FROM entry") })! > 0 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM space") } == 0)
        state.close()
    }

    @Test func `a scan gives what begins with the prefix, in order, page by page`() async throws {
        let state = try folder.open()
        for key in ["a", "b", "b/1", "b/2", "b/3", "b/30", "c", "b\u{7F}"] { _ = await state.put(key, "v\(key)") }
        _ = await state.put("b/4", "elsewhere", domain: "example.net")
        let first = await state.scan("b/", limit: 2)
        #expect(first.keys == ["b/1", "b/2"] && first.hasMore)
        #expect(first.entries.map { String(decoding: $0.value, as: UTF8.self) } == ["vb/1", "vb/2"])
        let second = await state.scan("b/", after: "b/2", limit: 2)
        #expect(second.keys == ["b/3", "b/30"] && !second.hasMore)
        #expect(await state.scan("").keys == ["a", "b", "b/1", "b/2", "b/3", "b/30", "b\u{7F}", "c"])
        #expect(await state.scan("b", after: "a").keys.count == 6)
        let keys = await state.ask("b/", .scan(after: [], limit: 1, keysOnly: true))
        #expect(keys.keys == ["b/1"] && keys.entries[0].value.isEmpty && keys.hasMore)
        state.close()
    }

    @Test func `a scan ends with the entry that reaches a MiB`() async throws {
        let state = try folder.open()
        let value = [UInt8](repeating: 7, count: StateRequest.Most.valueBytes)
        for i in 10..<30 { _ = await state.ask("k\(i)", .put(value: value, kept: .seconds(60), .always)) }
        let found = await state.scan("k")
        #expect(found.entries.count == 16 && found.hasMore)
        #expect(found.entries[15].value == value)
        state.close()
    }

    @Test func `keys of 0xFF bytes have an end too`() async throws {
        let state = try folder.open()
        func ask(_ key: [UInt8], _ action: StateRequest.Action) async -> StateAnswer {
            await withCheckedContinuation { done in
                state.perform(StateRequest(key: key, action), in: StateSpace(plugin: "p", domain: nil)) { done.resume(returning: $0) }
            }
        }
        let long = [UInt8](repeating: 0xFF, count: StateRequest.Most.keyBytes)
        for key in [[0xFE], [0xFF], [0xFF, 0xFF, 0], long] as [[UInt8]] {
            _ = await ask(key, .put(value: [], kept: .seconds(60), .always))
        }
        #expect(await ask([0xFF, 0xFF], .scan(after: [], limit: 9, keysOnly: false)).entries.map(\.key) == [[0xFF, 0xFF, 0], long])
        #expect(await ask([0xFE], .scan(after: [], limit: 9, keysOnly: false)).entries.map(\.key) == [[0xFE]])
        state.close()
    }

    @Test(arguments: [
        StateRequest(key: [], .get), StateRequest(key: [UInt8](repeating: 1, count: 513), .get),
        StateRequest(key: [1], .put(value: [UInt8](repeating: 0, count: 65537), kept: .seconds(1), .always)),
        StateRequest(key: [1], .put(value: [], kept: .zero, .always)),
        StateRequest(key: [1], .put(value: [], kept: .seconds(401 * 86400), .always)),
        StateRequest(key: [1], .put(value: [], kept: .seconds(1), .ifVersion(0))), StateRequest(key: [1], .remove(.ifAbsent)),
        StateRequest(key: [1], .count(amount: 1, window: .milliseconds(999))),
        StateRequest(key: [1], .reset(window: .seconds(32 * 86400))),
        StateRequest(key: [1], .scan(after: [], limit: 0, keysOnly: false)),
        StateRequest(key: [1], .scan(after: [], limit: 257, keysOnly: false)),
        StateRequest(key: [1], .scan(after: [UInt8](repeating: 1, count: 513), limit: 1, keysOnly: false)),
    ]) func `a senseless request fails`(_ request: StateRequest) async throws {
        let state = try folder.open()
        let answer = await withCheckedContinuation { done in
            state.perform(request, in: StateSpace(plugin: "p", domain: nil)) { done.resume(returning: $0) }
        }
        #expect(answer.status == .failed && !answer.detail.isEmpty)
        state.close()
    }

    @Test func `what waits becomes one transaction, and too much is refused`() async throws {
        let state = try folder.open()
        let answers = Mutex<[StateAnswer.Status]>([])
        let before = state.commits
        state.whileWriterIsBusy {
            for i in 0..<(SQLiteFilterState.waiting + 10) {
                state.perform(
                    StateRequest(key: Array("k\(i)".utf8), .count(amount: 1, window: .seconds(60))),
                    in: StateSpace(plugin: "p", domain: nil)
                ) { answer in answers.withLock { $0.append(answer.status) } }
            }
            #expect(answers.withLock { $0 } == [StateAnswer.Status](repeating: .failed, count: 10))
        }
        while answers.withLock({ $0.count }) < SQLiteFilterState.waiting + 10 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(answers.withLock { $0.dropFirst(10).allSatisfy { $0 == .done } })
        #expect(state.commits - before <= SQLiteFilterState.waiting / SQLiteFilterState.batch + 1)
        state.close()
    }

    @Test func `a damaged file is refused with its name`() throws {
        let path = folder.folder.path + "/state.db"
        try "this is no database, and long enough to be read as one, or so it seems".write(toFile: path, atomically: true, encoding: .utf8)
        do throws(StoreFailure) {
            _ = try SQLiteFilterState(folder: folder.folder.path, clock: folder.clock)
            Issue.record("it opened")
        } catch { #expect(error.kind == .damaged && error.text.contains(path)) }
    }
}
