import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import Store

/// A disk that is full refuses, keeps what it took, and goes on when there is space.
struct FullDiskTests {
    @Test(arguments: [20_000, 300 << 10]) func `what is full can still deliver, and takes mail again`(bytes: Int) async throws {
        guard let disk = SmallDisk() else { return }
        let clock = ManualLoop()
        var store = try SQLiteStore(folder: disk.path, clock: clock, reserve: 14 << 20)
        var stored: [Int] = []
        var failure: StoreFailure?
        for i in 1...2000 where failure == nil {
            do {
                try await store.accept(sample(i, bytes: bytes))
                stored.append(i)
            } catch let error as StoreFailure { failure = error }
        }
        #expect(failure?.kind == .full)
        #expect(stored.count > 3)
        // Nothing that was taken is lost, nothing that was refused is there.
        let taken = stored
        #expect(try await store.messages(in: [.queued]).map { Int($0.queueID.rawValue >> 12) } == taken)
        store.close()
        store = try SQLiteStore(folder: disk.path, clock: clock, reserve: 14 << 20)
        for i in [1, taken.last!] { #expect(try await store.body(of: sample(i).queueID) == body(i, count: bytes)) }
        // Deliveries are recorded, and files go.
        for i in taken { try await store.change([change(sample(i), 0, .delivered)]) }
        #expect(store.counts == [:])
        store.close()
        // Also with the file as large as before, and its pages free.
        store = try SQLiteStore(folder: disk.path, clock: clock, reserve: 14 << 20)
        try await store.accept(sample(3000, bytes: bytes))
        store.close()
    }

    @Test func `it goes on without a restart`() async throws {
        guard let disk = SmallDisk() else { return }
        let store = try SQLiteStore(folder: disk.path, clock: ManualLoop(), reserve: 0)
        let ballast = disk.path + "/ballast"
        try await store.accept(sample(1))
        _ = FileManager.default.createFile(atPath: ballast, contents: nil)
        let file = try #require(FileHandle(forUpdatingAtPath: ballast))
        while (try? file.write(contentsOf: Data(count: 4096))) != nil {}
        try? file.close()
        var kinds: Set<StoreFailure.Kind> = []
        for i in 2...60 {
            do { try await store.accept(sample(i, bytes: 50_000)) } catch let error as StoreFailure { kinds.insert(error.kind) }
        }
        #expect(kinds == [.full])
        try FileManager.default.removeItem(atPath: ballast)
        try await store.accept(sample(100, bytes: 50_000))
        #expect(try await store.message(sample(1).queueID) != nil)
        #expect(try await store.body(of: sample(100).queueID).count == 50_000)
        store.close()
    }
}
