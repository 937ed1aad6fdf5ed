import Foundation
import GatewayTestKit
import Mail
import Synchronization

@testable import Store

/// A data folder of its own for one test, removed with the last reference.
final class StoreFolder: Sendable {
    let path: String
    let clock = ManualLoop()

    init() {
        path = NSTemporaryDirectory() + "/postern-store-\(UUID().uuidString)"
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func open() throws -> SQLiteStore { try SQLiteStore(folder: path, clock: clock) }

    func open(limits: CommitLimits) throws -> SQLiteStore { try SQLiteStore(folder: path, clock: clock, limits: limits) }

    /// The text of the refusal; nil when it opens.
    func refusal() -> StoreFailure? {
        do throws(StoreFailure) {
            try SQLiteStore(folder: path, clock: clock).close()
            return nil
        } catch { return error }
    }

    func files(_ name: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted()) ?? [] }

    /// What another process would see after this one is gone.
    func copy() -> StoreFolder {
        let other = StoreFolder()
        for name in files("") where name != "lock" {
            try! FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(other.path)/\(name)")
        }
        return other
    }
}

/// Bytes that differ from message to message.
func body(_ seed: Int, count: Int) -> [UInt8] {
    Array((Array("message \(seed) ".utf8) + [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: count)).prefix(count))
}

func sample(
    _ number: Int, bytes: Int = 100, states: [RecipientState] = [.queued], domain: String = "example.com"
) -> StoredMessage {
    StoredMessage(
        queueID: QueueID(rawValue: Int64(number) << 12), receivedAt: Timestamp(seconds: 1_800_000_000 + Int64(number)),
        reversePath: .address(EmailAddress(localPart: "sender", domain: "example.net")), is8BitMIME: true, isSMTPUTF8: false,
        sessionJSON: #"{"helo":"client"}"#, region: Region(copying: body(number, count: bytes)), size: bytes,
        recipients: states.enumerated().map { index, state in
            StoredRecipient(
                index: index, address: EmailAddress(localPart: "r\(index)", domain: domain), policyDomain: domain, state: state,
                addedHeaders: "X-Place: \(index)\r\n", reason: "because", score: 1.5, nextAttempt: Timestamp(seconds: 1_800_000_000))
        })
}

func change(_ message: StoredMessage, _ index: Int, _ state: RecipientState) -> RecipientChange {
    RecipientChange(
        queueID: message.queueID, index: index, state: state, attempts: 1, nextAttempt: Timestamp(seconds: 1_800_000_060), reason: "changed"
    )
}

extension SQLiteStore {
    /// Holds the writer's queue, so that entries gather.
    func whileWriterIsBusy(_ work: () -> Void) { queuePool.writeWithoutTransaction { _ in work() } }

    func accept(_ message: StoredMessage) async throws {
        try await withCheckedThrowingContinuation { done in accept(message) { done.resume(with: $0) } }
    }
    func change(_ changes: [RecipientChange], adding messages: [StoredMessage] = []) async throws {
        try await withCheckedThrowingContinuation { done in change(changes, adding: messages) { done.resume(with: $0) } }
    }
    func body(of id: QueueID) async throws -> [UInt8] {
        let region: Region = try await withCheckedThrowingContinuation { done in body(of: id) { done.resume(with: $0) } }
        return Array(region.bytes)
    }
    func message(_ id: QueueID) async throws -> StoredMessage? {
        try await withCheckedThrowingContinuation { done in message(id) { done.resume(with: $0) } }
    }
    func messages(in states: Set<RecipientState>, after: QueueID? = nil, limit: Int = 1000) async throws -> [StoredMessage] {
        try await withCheckedThrowingContinuation { done in
            messages(in: states, after: after, limit: limit) { done.resume(with: $0) }
        }
    }
    func waiting(after: WaitingCopy?, limit: Int) async throws -> [WaitingCopy] {
        try await withCheckedThrowingContinuation { done in waiting(after: after, limit: limit) { done.resume(with: $0) } }
    }
    func receipts(of id: QueueID) async throws -> [Receipt] {
        try await withCheckedThrowingContinuation { done in receipts(of: id) { done.resume(with: $0) } }
    }
}

/// What went wrong, as it was told.
final class Failures: Sendable {
    private let found = Mutex<[StoreFailure.Kind]>([])
    var kinds: [StoreFailure.Kind] { found.withLock { $0 } }
    func add(_ result: Result<Void, StoreFailure>) {
        if case .failure(let failure) = result { found.withLock { $0.append(failure.kind) } }
    }
}
