import Foundation
import GatewayTestKit
import Logging
import Mail
import PluginHost
import PluginLoader
import Synchronization

/// A folder with plugins compiled for one test, and a host over it. Removed with the last reference.
final class TestPlugins {
    let folder: String
    let resolver = HeldResolver()
    let loop = ManualLoop()
    var state: any FilterState = NoFilterState()
    var http: any HTTPFetcher = NoHTTPFetcher()
    let log = LinesOfLog()
    /// Where slots run; nil: where the manifest recommends.
    var home: FilterManifest.Home?
    private let worker: String
    var policy = WorkerPolicy()
    private(set) lazy var host = PluginHost(
        folders: [folder], copies: folder + "/copies", resolver: resolver, state: state, http: http, workers: WorkerProgram(path: worker),
        policy: policy,
        logger: Logger(label: "test", factory: { [log] _ in log.handler }))

    static let worker = (ProcessInfo.processInfo.environment["POSTERN_STAGE"] ?? tree + "/.build/stage") + "/bin/postern-worker"
    static let tree = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.path

    init(_ home: FilterManifest.Home? = nil, worker: String = TestPlugins.worker) throws {
        self.home = home
        self.worker = worker
        policy.common.grace = .milliseconds(500)
        policy.common.memory = 1 << 30
        folder = NSTemporaryDirectory() + "/postern-plugins-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Compiles a C plugin `test` whose on_phase has this body, and writes its manifest. `onSettings` runs for each settings, `s`, that it is given.
    func compile(
        _ onPhase: String, id: String = "test", globals: String = "", major: String = "POSTERN_ABI_MAJOR",
        minor: String = "POSTERN_ABI_MINOR", onSettings: String = "", refuses: String = "", manifest: [String: String] = [:]
    ) throws {
        let source = """
            #include <stdlib.h>
            #include <string.h>
            #include "postern/entry.h"
            #include "postern/ext/dns.h"
            #include "postern/ext/log.h"
            #include "postern/ext/timer.h"
            static const postern_dns *dns; static const postern_timer *timer; static const postern_log *log_;
            static postern_bytes text(const char *t) { postern_bytes b = {(const uint8_t *)t, strlen(t)}; return b; }
            \(globals)
            static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
                (void)self; (void)frame; (void)text;
                \(onPhase)
            }
            static postern_status load(const postern_entry *e, const postern_host *h, postern_problems *p, postern_module **m) {
                (void)e; (void)p; (void)m;
                dns = h->extension(h, POSTERN_EXT_DNS); timer = h->extension(h, POSTERN_EXT_TIMER);
                log_ = h->extension(h, POSTERN_EXT_LOG);
                return h->extension(h, "com.example.nothing/1") ? POSTERN_FAILED : POSTERN_OK;
            }
            static postern_status create(postern_module *m, postern_bytes s, postern_problems *p, postern_instance **i) {
                (void)m; (void)s; (void)p; *i = 0;
                \(onSettings)
                const char *refusal = "\(refuses)", *colon = strchr(refusal, ':');
                if (!colon) return POSTERN_OK;
                postern_bytes pointer = {(const uint8_t *)refusal, (uint64_t)(colon - refusal)};
                p->add(p, pointer, text(colon + 2));
                return POSTERN_INVALID;
            }
            static postern_status check(postern_module *m, postern_bytes s, postern_problems *p) {
                (void)m; (void)s; (void)p;
                \(onSettings)
                return POSTERN_OK;
            }
            static const postern_plugin plugin = {
                .size = sizeof plugin, .check_config = check, .create_instance = create, .on_phase = on_phase};
            static const postern_entry entry = {.size = sizeof entry, .abi_major = \(major), .abi_minor = \(minor),
                .id = "\(id)", .version = "1", .plugin = &plugin,
                .load = load};
            const postern_entry *postern_plugin_entry(uint32_t major) { (void)major; return &entry; }
            """
        let file = "\(folder)/\(id).c"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        try compile(file: file, to: "\(id).so")
        try write(manifest: manifest, id: id)
    }

    func compile(file: String, to name: String) throws {
        try run("cc", ["-shared", "-fPIC", "-fvisibility=hidden", "-I\(Self.tree)/SDK/CPostern/include", "-o", "\(folder)/\(name)", file])
    }

    func write(manifest changes: [String: String] = [:], id: String = "test") throws {
        var members = [
            "id": "\"\(id)\"", "version": "\"1\"", "vendor": "\"tests\"", "licence": "\"MIT\"", "summary": "\"test\"",
            "phases": "[\"connect\", \"rcpt\", \"data\"]", "homes": "[\"host\", \"worker\"]",
            "requires": "[\"postern.dns/1\", \"postern.timer/1\"]",
            "optional": "[\"postern.log/1\"]",
            "symbols": #"[{"name": "FOUND", "score": 2}, {"name": "LIST_*", "score": 1}]"#,
        ]
        for (key, value) in changes { members[key] = value.isEmpty ? nil : value }
        let json = "{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
        try json.write(toFile: "\(folder)/\(id).manifest.json", atomically: true, encoding: .utf8)
    }

    /// Starts a run on the manual loop.
    func start(
        _ phase: Phase, id: String = "test", settings: JSONValue = .object([:]), message: String? = nil, earlier: [EarlierVerdict] = [],
        domain: String? = nil, client: String = "192.0.2.1", login: String? = nil
    ) throws -> (any FilterRun, Events) {
        host.rescan()
        var slot = FilterSlot(name: "slot", plugin: id)
        slot.home = home
        slot.settings = settings
        let instance = try domain.map { try host.instance(for: slot, of: $0) } ?? host.instance(for: slot)
        let events = Events()
        var call = call(phase, message)
        call.earlier = earlier
        call.session.client = IPAddress(client)!
        call.session.login = login
        return (instance.start(call, on: loop) { events.add($0) }, events)
    }

    /// Runs the loop until the verdict is there: for services that answer from threads of their own.
    func verdict(_ events: Events) async throws -> Verdict {
        try await settle { !events.verdicts.isEmpty }
        guard let verdict = events.verdicts.first else { throw NoVerdict(description: "no verdict came; the log: \(log.lines)") }
        return verdict
    }

    struct NoVerdict: Error, CustomStringConvertible { let description: String }

    /// Runs the loop until `condition` holds: what goes through a worker takes a while.
    func settle(_ condition: () -> Bool) async throws {
        for _ in 0..<30_000 where !condition() {
            loop.runPending()
            if !condition() { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    func call(_ phase: Phase, _ text: String? = nil) -> FilterCall {
        var session = SessionFacts(
            id: 1, role: .inbound, listener: "test", client: IPAddress("192.0.2.1")!, clientPort: 4321, connectedAt: loop.now)
        session.helo = "client.example"
        var envelope = Envelope(reversePath: .address(EmailAddress(localPart: "a", domain: "sender.example")))
        envelope.recipients = [Recipient(address: EmailAddress(localPart: "b", domain: "example.com"), policyDomain: "example.com")]
        var call = FilterCall(phase: phase, session: session, slotName: "slot")
        guard !phase.isEdge else { return call }
        call.envelope = envelope
        call.recipients = RecipientSet([0])
        call.domain = "example.com"
        if let text {
            call.message = ReceivedMessage(
                queueID: QueueID.first(at: loop.now), session: session, envelope: envelope, region: Region(copying: Array(text.utf8)),
                receivedAt: loop.now)
        }
        return call
    }
}

/// What a host wrote to its log. Any thread.
final class LinesOfLog: Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock { $0 } }
    var handler: any LogHandler { Handler(log: self) }

    private struct Handler: LogHandler {
        let log: LinesOfLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            log.all.withLock { $0.append("\(event.level) \(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })") }
        }
    }
}

/// Events of a run. Used from one thread.
final class Events: Sendable {
    private let all = Mutex<[FilterRunEvent]>([])
    func add(_ event: FilterRunEvent) { all.withLock { $0.append(event) } }
    var verdicts: [Verdict] { all.withLock { $0.compactMap { if case .finished(let verdict) = $0 { verdict } else { nil } } } }
    var detached: [Phase] { all.withLock { $0.compactMap { if case .detached(let phase) = $0 { phase } else { nil } } } }
}

/// Holds questions until the test answers them.
final class HeldResolver: Resolver {
    private let held = Mutex<[(DNSQuestion, @Sendable (DNSAnswer) -> Void)]>([])
    private struct Query: DNSQuery { func cancel() {} }

    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        held.withLock { $0.append((question, completion)) }
        return Query()
    }

    var questions: [DNSQuestion] { held.withLock { $0.map(\.0) } }

    /// Answers all that is held, the newest first.
    func answer(_ answer: (DNSQuestion) -> DNSAnswer) {
        let batch = held.withLock { held in
            defer { held = [] }
            return held
        }
        for (question, completion) in batch.reversed() { completion(answer(question)) }
    }
}

/// Runs a program; throws with its output when it fails.
@discardableResult
func run(_ program: String, _ arguments: [String]) throws -> String {
    struct Failed: Error { var output: String }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw Failed(output: output) }
    return output
}
