import Foundation
import InFlight
import Logging
import Mail
import NIOCore
import NIOPosix
import PluginHost
import PluginLoader
import Receive
import Store

/// The gateway's side of plugins as it is in the gateway: the host with its journal, sessions' loops, the store's spool.
final class PluginBench {
    let host: PluginHost
    let loops: [NIOSerialLoop]
    let store: SQLiteStore
    let journal: MappedJournal
    private let group: MultiThreadedEventLoopGroup
    private let folder: String
    private var lastSlot = 0

    init(plugins: String, worker: String) throws {
        folder = NSTemporaryDirectory() + "/postern-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        let clock = BenchClock()
        store = try SQLiteStore(folder: folder + "/data", clock: clock)
        journal = MappedJournal(folder: folder + "/data", death: nil, now: clock.now) { text, _ in print(text) }
        host = PluginHost(
            folders: [plugins], copies: folder + "/copies", resolver: NoResolver(), journal: journal, workers: WorkerProgram(path: worker),
            logger: Logger(label: "bench") { _ in
                var handler = StreamLogHandler.standardError(label: "bench")
                handler.logLevel = .warning
                return handler
            })
        for failure in host.rescan() { print("\(failure)") }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        loops = (0..<2).map { [group] _ in NIOSerialLoop(group.next(), clock: clock) }
    }

    func close() {
        store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A slot of its own for each call; settings that differ make instances that do.
    func instance(of plugin: String, in home: FilterManifest.Home?, _ settings: String = "{}") throws -> any FilterInstance {
        lastSlot += 1
        var slot = FilterSlot(name: "slot-\(lastSlot)", plugin: plugin)
        slot.home = home
        slot.settings = ManifestReader.json(settings)!
        return try host.instance(for: slot)
    }

    /// The call for a message of one recipient.
    func call(_ region: Region) -> FilterCall {
        let now = loops[0].now
        var session = SessionFacts(
            id: 1, role: .inbound, listener: "bench", client: IPAddress("192.0.2.1")!, clientPort: 4321, connectedAt: now)
        session.helo = "client.example"
        var envelope = Envelope(reversePath: .address(EmailAddress(localPart: "a", domain: "sender.example")))
        envelope.recipients = [Recipient(address: EmailAddress(localPart: "b", domain: "example.com"), policyDomain: "example.com")]
        var call = FilterCall(phase: .data, session: session, slotName: "nothing")
        call.envelope = envelope
        call.recipients = RecipientSet([0])
        call.domain = "example.com"
        var message = ReceivedMessage(
            queueID: QueueID.first(at: now), session: session, envelope: envelope, region: region, receivedAt: now)
        message.digest = journal.digest(of: region.bytes)
        call.message = message
        return call
    }

    /// A message as it is while it arrives: from 256 KiB on a file of the spool.
    func message(_ count: Int) throws -> Region {
        var builder = RegionBuilder(capacity: count, spool: store.spool)
        let line = Array((String(repeating: "x", count: 76) + "\r\n").utf8)
        line.withUnsafeBytes { line in
            while builder.count < count { builder.append(UnsafeRawBufferPointer(rebasing: line.prefix(count - builder.count))) }
        }
        return try builder.seal()
    }

    /// The worker in which `plugin` runs.
    func worker(of plugin: String) -> Int32? { host.list().first { $0.id == plugin }?.workers.first }
}

struct BenchClock: WallClock {
    var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

struct NoResolver: Mail.Resolver {
    struct Nothing: DNSQuery { func cancel() {} }
    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        completion(DNSAnswer(status: .failed))
        return Nothing()
    }
}
