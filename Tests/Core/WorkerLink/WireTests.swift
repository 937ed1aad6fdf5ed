import Mail
import PluginLoader
import Testing

@testable import WorkerLink

/// What crosses is what was meant, and what else comes is refused.
struct WireTests {
    private func record(_ call: FilterCall, _ numbers: [UInt64] = []) -> [UInt8] {
        var record = CallRecord(run: 3, instance: 4, now: Timestamp(seconds: 9), call)
        record.show(numbers)
        return record.bytes
    }

    private static func none(_ record: UInt64, _ regions: [Region]) throws(WireFault) -> MessageContent { throw WireFault("no content") }

    @Test func aCall() throws {
        var session = SessionFacts(
            id: 7, role: .outbound, listener: "[::]:25", client: IPAddress("2001:db8::1")!, clientPort: 4321,
            connectedAt: Timestamp(microseconds: -5))
        session.helo = "client.example"
        session.isESMTP = true
        session.tls = TLSFacts(version: "TLSv1.3", cipher: "X")
        session.login = "me"
        var envelope = Envelope(reversePath: .address(EmailAddress(localPart: "a b", domain: "x.example")))
        envelope.is8BitMIME = true
        envelope.declaredSize = 12
        envelope.recipients = (0..<70).map { Recipient(address: EmailAddress(localPart: "u\($0)", domain: "y.example"), policyDomain: "z") }
        var call = FilterCall(phase: .data, session: session, slotName: "slot")
        call.recipients = RecipientSet([0, 69])
        call.domain = "y.example"
        let region = Region(copying: Array("hello".utf8))
        call.message = ReceivedMessage(
            queueID: QueueID(rawValue: 99), session: session, envelope: envelope, region: region, receivedAt: Timestamp(seconds: 5))
        guard case .call(run: 3, instance: 4, now: Timestamp(seconds: 9), facts: var facts) = try GatewayMessage(record: record(call, [8]))
        else {
            Issue.record("another message")
            return
        }
        let read = try facts.call({ $0 == 8 ? region : nil }, content: Self.none)
        try facts.end()
        #expect(read.phase == .data)
        #expect(read.session.client == session.client)
        #expect(read.session.tls == session.tls)
        #expect(read.session.login == "me")
        #expect(read.message?.envelope.recipients == envelope.recipients)
        #expect(read.message?.envelope.reversePath == envelope.reversePath)
        #expect(read.message?.queueID.rawValue == 99)
        #expect(read.recipients == call.recipients)
        #expect(read.domain == "y.example")
        #expect(read.route == nil)
    }

    @Test func aWay() throws {
        let nobody = SessionFacts(
            id: 0, role: .outbound, listener: "", client: IPAddress(v4: 0), clientPort: 0, connectedAt: Timestamp(microseconds: 0))
        var call = FilterCall(phase: .route, session: nobody, domain: "y.example", slotName: "slot")
        call.route = RouteQuestion(role: .outbound, policyDomain: "y.example", destination: "far.example", isByMX: true)
        call.peer = PeerFacts(
            host: "mx.far.example", address: IPAddress("2001:db8::2"), port: 25, isLMTP: true,
            tls: TLSFacts(version: "TLSv1.3", cipher: ""),
            isVerified: true, chain: [PeerCertificate(bytes: [1, 2], publicKey: []), PeerCertificate(bytes: [3], publicKey: [4])],
            names: ["a", "b"])
        guard case .call(run: _, instance: _, now: _, facts: var facts) = try GatewayMessage(record: record(call)) else {
            Issue.record("another message")
            return
        }
        let read = try facts.call({ _ in nil }, content: Self.none)
        try facts.end()
        #expect(read.phase == .route && read.route == call.route && read.peer == call.peer)
    }

    @Test func findings() throws {
        var verdict = Verdict(filter: "f", phase: .data, result: .done)
        verdict.symbols = [Symbol(name: "A", factor: 0.5, detail: "d\u{301}", part: "1.2", recipients: RecipientSet([3]))]
        verdict.proposals = [
            Proposal(.reject(Reply(ReplyStatus(550, 7, 1), "no")), recipients: RecipientSet([1])),
            Proposal(.addHeader(name: "X", value: "y")),
            Proposal(.quarantine(reason: "q")), Proposal(.discard(reason: "r")), Proposal(.defer(Reply(ReplyStatus(451, 7, 1), "later"))),
        ]
        verdict.requirements = [
            RouteRequirement(),
            RouteRequirement(
                minimumTLS: .v13, isVerified: true, names: ["a.example", "b.example"], hosts: ["*.example"], reason: "r",
                duration: .seconds(86400)),
        ]
        guard
            case .finished(run: 5, let read) = try WorkerMessage(
                record: WorkerMessage.finished(run: 5, WorkerFindings(verdict, steps: 2)).record)
        else {
            Issue.record("another message")
            return
        }
        #expect(read.proposals == verdict.proposals)
        #expect(read.symbols.map(\.name) == ["A"] && read.symbols.map(\.part) == ["1.2"])
        #expect(read.symbols.first?.recipients == RecipientSet([3]))
        #expect(read.requirements == verdict.requirements)
        #expect(read.steps == 2)
    }

    /// Cut off, changed and made up: an error or a message, never a trap or an endless list.
    @Test func hostileRecords() {
        var random = SystemRandomNumberGenerator()
        var verdict = Verdict(filter: "f", phase: .data, result: .done)
        verdict.symbols = [Symbol(name: "A", detail: "d")]
        verdict.proposals = [Proposal(.addHeader(name: "X", value: "y"))]
        verdict.requirements = [RouteRequirement(names: ["a"], hosts: ["b"], reason: "c")]
        let good: [[UInt8]] = [
            WorkerMessage.finished(run: 5, WorkerFindings(verdict, steps: 2)).record,
            WorkerMessage.operations(run: 1, [(operation: 1, request: .dns(DNSQuestion("a.example", .a)))]).record,
            WorkerMessage.log(run: nil, .info, "x").record, WorkerMessage.ready(cage: ["seccomp"]).record,
            WorkerMessage.problems(1, [SettingsProblem(pointer: "/a", text: "b")], isRefused: true).record,
        ]
        for _ in 0..<50_000 {
            var record = good.randomElement()!
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: record[Int.random(in: 0..<record.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                case 1: record = Array(record.prefix(Int.random(in: 1...record.count, using: &random)))
                default: record.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            _ = try? WorkerMessage(record: record)
            _ = try? GatewayMessage(record: record)
        }
        #expect(throws: WireFault.self) { try WorkerMessage(record: []) }
        verdict.requirements = Array(repeating: RouteRequirement(), count: VerdictDraft.Most.requirements + 1)
        let many = WorkerMessage.finished(run: 5, WorkerFindings(verdict, steps: 2)).record
        #expect(throws: WireFault.self) { try WorkerMessage(record: many) }
        verdict.requirements = [RouteRequirement(hosts: Array(repeating: "a", count: VerdictDraft.Most.routeNames + 1))]
        let names = WorkerMessage.finished(run: 5, WorkerFindings(verdict, steps: 2)).record
        #expect(throws: WireFault.self) { try WorkerMessage(record: names) }
        #expect(throws: WireFault.self) { try WorkerMessage(record: good[0] + [0]) }
    }
}
