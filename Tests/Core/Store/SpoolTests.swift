import Foundation
import Mail
import Testing

@testable import Store

/// Large messages on their way from their first byte to their name.
struct SpoolTests {
    let folder = StoreFolder()
    private var bodies: String { folder.path + "/bodies" }

    private func spooled(_ spool: any BodySpool, _ bytes: [UInt8]) throws -> Region {
        var builder = RegionBuilder(spool: spool)
        bytes.withUnsafeBytes { all in
            for start in stride(from: 0, to: all.count, by: 50_000) {
                builder.append(UnsafeRawBufferPointer(rebasing: all[start..<min(start + 50_000, all.count)]))
            }
        }
        return try builder.seal()
    }

    private func message(_ number: Int, _ region: Region) -> StoredMessage {
        var message = sample(number)
        message.region = region
        message.size = region.count
        return message
    }

    private func spool(withoutName: Bool) throws -> BodyFiles {
        try BodyFiles(folder: bodies, space: FreeSpace(folder: folder.path, reserve: 0), spoolsWithoutName: withoutName)
    }

    private func inode(_ path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Files of that size below `bodies` that this process has open.
    private func openFiles(of size: Int) -> [UInt64] {
        var status = stat()
        let name = URL(fileURLWithPath: folder.path).lastPathComponent
        return (Int32(3)..<1000).compactMap { descriptor in
            guard fstat(descriptor, &status) == 0, status.st_size == size else { return nil }
            let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? ""
            return path.contains("/\(name)/bodies/") ? UInt64(status.st_ino) : nil
        }
    }

    @Test func `the file that it came into is the body file`() async throws {
        var store = try folder.open()
        let bytes = body(7, count: 900_000)
        let stored: UInt64
        do {
            let region = try spooled(store.spool, bytes)
            #expect(Array(region.bytes) == bytes && region.memory == 0)
            #expect(folder.files("bodies") == [])
            let message = message(7, region)
            stored = try #require(openFiles(of: bytes.count).first)
            try await store.accept(message)
            #expect(folder.files("bodies") == ["\(message.queueID)"])
            #expect(openFiles(of: bytes.count) == [] && inode("\(bodies)/\(message.queueID)") == stored)
            // Still the same bytes, though its descriptor is closed.
            #expect(Array(region.bytes) == bytes)
        }
        store.close()
        store = try folder.open()
        #expect(try await store.body(of: sample(7).queueID) == bytes)
        try await store.change([change(sample(7), 0, .delivered)])
        store.close()
        #expect(folder.files("bodies") == [])
    }

    @Test func `a message that nobody accepts leaves nothing`() async throws {
        let store = try folder.open()
        do {
            let region = try spooled(store.spool, body(7, count: 900_000))
            try #require(openFiles(of: 900_000).count == 1)
            withExtendedLifetime(region) {}
        }
        #expect(folder.files("bodies") == [])
        #expect(openFiles(of: 900_000) == [])
        store.close()
    }

    @Test(arguments: [false, true]) func `a name that is there is never overwritten`(isSpooled: Bool) async throws {
        let store = try folder.open()
        let taken = "\(bodies)/\(sample(7).queueID)"
        #expect(FileManager.default.createFile(atPath: taken, contents: Data("somebody's".utf8)))
        let bytes = body(7, count: 300_000)
        let message = message(7, isSpooled ? try spooled(store.spool, bytes) : Region(copying: bytes))
        await #expect(throws: StoreFailure.self) { try await store.accept(message) }
        #expect(FileManager.default.contents(atPath: taken) == Data("somebody's".utf8))
        #expect(try await store.message(message.queueID) == nil)
        store.close()
    }

    @Test(arguments: [false, true]) func `an accept that is refused late leaves no file`(isSpooled: Bool) async throws {
        var limits = CommitLimits()
        limits.waiting = 1
        let store = try folder.open(limits: limits)
        let large = message(7, isSpooled ? try spooled(store.spool, body(7, count: 300_000)) : Region(copying: body(7, count: 300_000)))
        let failures = Failures()
        store.whileWriterIsBusy {
            store.accept(sample(1)) { _ in }
            store.accept(large) { failures.add($0) }
            for _ in 0..<5000 where failures.kinds.isEmpty { usleep(2000) }
        }
        #expect(failures.kinds == [.busy])
        try await store.change([])
        try await store.accept(sample(2))
        store.close()
        #expect(folder.files("bodies") == [])
    }

    @Test func `without unnamed files it works the same, and a crash leaves nothing for long`() async throws {
        let left: String
        do {
            let files = try spool(withoutName: false)
            let region = try spooled(files, body(7, count: 300_000))
            #expect(folder.files("bodies").count == 1)
            try await withCheckedThrowingContinuation { done in
                files.write(region, for: sample(7).queueID) { done.resume(with: $0) }
            }
            #expect(folder.files("bodies") == ["\(sample(7).queueID)"])
            do { _ = try spooled(files, body(8, count: 300_000)) }
            #expect(folder.files("bodies") == ["\(sample(7).queueID)"])
            left = bodies + "/\(BodyFiles.temporaryPrefix)99"
            #expect(FileManager.default.createFile(atPath: left, contents: Data(count: 1000)))
        }
        let again = try spool(withoutName: false)
        #expect(folder.files("bodies") == ["\(sample(7).queueID)"] && again.all == [sample(7).queueID])
    }

    @Test func `a full disk says so and leaves nothing`() async throws {
        guard let disk = SmallDisk() else { return }
        let store = try SQLiteStore(folder: disk.path, clock: folder.clock, reserve: 4 << 20)
        let before = disk.freeBytes
        var builder = RegionBuilder(spool: store.spool)
        let piece = [UInt8](repeating: 65, count: 1 << 20)
        for _ in 0..<40 { piece.withUnsafeBytes { builder.append($0) } }
        #expect(builder.failure?.kind == .full && builder.memory == 0)
        #expect(disk.freeBytes == before)
        try await store.accept(sample(1))
        let region = try spooled(store.spool, body(2, count: 3 << 20))
        try await store.accept(message(2, region))
        #expect(try await store.body(of: sample(2).queueID) == body(2, count: 3 << 20))
        store.close()
    }
}
