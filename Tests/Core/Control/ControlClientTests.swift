import Control
import Foundation
import GatewayTestKit
import Glibc
import Mail
import Testing

@Suite struct ControlClientTests {
    let id = QueueID("0ABCDEFGHJKMN")!

    static func entry(_ id: QueueID) -> QueueEntry {
        QueueEntry(
            StoredMessage(
                queueID: id, receivedAt: Timestamp(microseconds: 1_800_000_000_000_001), reversePath: .null, is8BitMIME: false,
                isSMTPUTF8: false, sessionJSON: "{}", region: nil, size: 4096,
                recipients: [
                    StoredRecipient(
                        index: 0, address: EmailAddress(localPart: "é\"", domain: "example.com"), policyDomain: "example.com",
                        state: .queued,
                        addedHeaders: "", reason: "\u{1B}[31m", score: 9.5, nextAttempt: Timestamp(seconds: 1_800_000_060)),
                    StoredRecipient(
                        index: 1, address: EmailAddress(localPart: "b", domain: "example.com"), policyDomain: "example.com",
                        state: .delivered, addedHeaders: "", nextAttempt: .distantPast),
                ]))
    }

    @Test func everyQuestionArrivesAsItWasAsked() async throws {
        let receipts = [
            ReceiptRecord(
                Receipt(queueID: id, time: Timestamp(seconds: 1_800_000_000), kind: "inspected", json: #"{"score":9.5,"n":[1]}"#)),
            ReceiptRecord(Receipt(queueID: id, time: Timestamp(seconds: 1_800_000_001), kind: "odd", json: "no json")),
        ]
        let backend = ScriptedBackend(.init(entries: [Self.entry(id)], receipts: receipts))
        try await withServer(backend) { socket, _ in
            let client = ControlClient(socket: socket)
            #expect(try await client.status() == backend.status())
            #expect(try await client.metrics() == backend.metrics())
            #expect(try await client.reload() == ReloadResult(generation: 4, warnings: ["domains/a.yaml:3:1: no filters"]))
            #expect(try await client.restart() == ReplacementResult(version: "1", pid: 4711))
            #expect(try await client.upgrade() == ReplacementResult(version: "2", pid: 4711))
            #expect(try await client.queue(QueueQuery()) == QueuePage(entries: [Self.entry(id)], examined: 7, next: id))
            _ = try await client.queue(QueueQuery(states: Set(RecipientState.allCases), after: id, limit: 9))
            #expect(try await client.entry(id) == Self.entry(id))
            #expect(try await client.flush(.all).changed == 5)
            _ = try await client.flush(.domain("[192.0.2.1]"))
            await #expect { try await client.flush(.domain("a b/ü.example")) } throws: { ($0 as? ControlFailure)?.kind == .badRequest }
            #expect(try await client.carryOut(.hold, on: id, in: QueueOperation.hold.states).changed == 2)
            #expect(try await client.carryOut(.delete, on: id, in: [.quarantined]).changed == 2)
            let filter = CopyFilter(domain: "*.a&b?", to: "ü*@x", from: "<>", reason: "50% off=", olderThan: .seconds(7))
            let page = try await client.carryOut(.inspect, where: QueueQuery(states: [.held], filter: filter, after: id))
            #expect(page == ChangePage(changed: 3, messages: 2, examined: 1000, next: id))
            _ = try await client.carryOut(.requeue, where: QueueQuery())
            #expect(try await client.destinations() == backend.destinations())
            #expect(try await client.message(id, isHeader: true).count == 3)
            #expect(try await client.message(id, isHeader: false).count == 700_001)
            let trace = try await client.trace(id)
            #expect(trace == receipts)
            #expect(trace[0].json["score"]?.number == 9.5)
            #expect(trace[1].json == .string("no json"))
            #expect(try await client.inFlight() == backend.inFlight())
            let filters = try await client.filters(of: "Example.com")
            #expect(filters.filters.map(\.step) == [0, 1, 1])
            #expect(filters.filters[0].settings["zones"]?.array == [.string("zen.example")])
        }
        #expect(
            backend.calls.filter { !["status", "metrics", "destinations", "inflight"].contains($0) } == [
                "reload", "restart", "upgrade", "queue held+queued after - limit 500",
                "queue bounced+deleted+delivered+discarded+expired+held+quarantined+queued after 0ABCDEFGHJKMN limit 9",
                "entry 0ABCDEFGHJKMN", "flush all", "flush domain [192.0.2.1]", "hold 0ABCDEFGHJKMN in held+queued",
                "delete 0ABCDEFGHJKMN in quarantined",
                "inspect held after 0ABCDEFGHJKMN limit 500 where *.a&b?|ü*@x|<>|50% off=|7.0 seconds",
                "requeue held+queued after - limit 500", "message 0ABCDEFGHJKMN header true", "message 0ABCDEFGHJKMN header false",
                "trace 0ABCDEFGHJKMN", "filters example.com",
            ])
    }

    @Test func failuresKeepTheirWords() async throws {
        let refusal = ControlFailure(.invalid, "2 problems", mend: "mend them", problems: ["a:1:1: x", "b:2:2: y"])
        try await withServer(ScriptedBackend(.init(reloadFailure: refusal))) { socket, _ in
            let client = ControlClient(socket: socket)
            await #expect(throws: refusal) { try await client.reload() }
            await #expect(throws: ControlFailure(.conflict, "nothing of \(id) is held or in quarantine")) {
                try await client.carryOut(.release, on: id, in: QueueOperation.release.states)
            }
            await #expect { try await client.entry(id) } throws: { ($0 as? ControlFailure)?.kind == .notFound }
            // An error without words of its own.
            await #expect { try await client.plugins() } throws: { ($0 as? ControlFailure)?.kind == .failed }
        }
    }

    @Test func noGatewayIsExplained() async throws {
        let folder = try TemporaryFolder()
        let client = ControlClient(socket: folder.path + "/none.sock")
        await #expect {
            try await client.status()
        } throws: {
            let failure = $0 as? ControlFailure
            return failure?.kind == .unavailable && failure?.what == "no gateway listens on \(folder.path)/none.sock"
                && failure?.mend.contains("postern run") == true
        }
    }

    @Test func silentGatewayIsGivenUp() async throws {
        try await withServer(ScriptedBackend(.init(isStuck: true))) { socket, _ in
            await #expect {
                try await ControlClient(socket: socket, patience: .milliseconds(200)).status()
            } throws: { ($0 as? ControlFailure)?.kind == .timeout }
        }
    }

    @Test func socketIsGoneWithTheServer() async throws {
        var path = ""
        let folder = try TemporaryFolder()
        try await withServer(ScriptedBackend()) { socket, _ in
            path = socket
            #expect(access(socket, F_OK) == 0)
        }
        #expect(access(path, F_OK) != 0)
        withExtendedLifetime(folder) {}
    }
}
