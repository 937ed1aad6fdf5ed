import Mail
import PluginLoader

/// What a run in a worker found, as it comes back: the gateway holds it to the manifest once more (`VerdictDraft`).
public struct WorkerFindings: Sendable {
    public var result: FilterResult
    public var detail: String
    public var symbols: [Finding] = []
    public var proposals: [Proposal] = []
    public var requirements: [RouteRequirement] = []
    public var busyNanoseconds: UInt64
    /// Calls of the plugin.
    public var steps: UInt32

    public struct Finding: Hashable, Sendable {
        public var name: String
        public var factor: Double
        public var detail: String
        public var part: String
        public var recipients: RecipientSet
    }

    public init(_ verdict: Verdict, steps: UInt32) {
        result = verdict.result
        detail = verdict.detail
        symbols = verdict.symbols.map {
            Finding(name: $0.name, factor: $0.factor, detail: $0.detail, part: $0.part, recipients: $0.recipients)
        }
        proposals = verdict.proposals
        requirements = verdict.requirements
        busyNanoseconds = UInt64(max(0, verdict.busy.microseconds)) * 1000
        self.steps = steps
    }

    func write(_ w: inout WireWriter) {
        w.text(result.rawValue)
        w.text(detail)
        w.u64(busyNanoseconds)
        w.u32(steps)
        w.list(symbols) {
            $0.text($1.name)
            $0.number($1.factor)
            $0.text($1.detail)
            $0.text($1.part)
            $0.recipients($1.recipients)
        }
        w.list(proposals) {
            $0.proposal($1.action)
            $0.recipients($1.recipients)
        }
        w.list(requirements) { $0.requirement($1) }
    }

    init(_ r: inout WireReader) throws(WireFault) {
        // Of a crash the gateway learns by itself.
        guard let result = FilterResult(rawValue: try r.text(most: 16)), result != .crash else { throw WireFault("an unknown result") }
        self.result = result
        detail = try r.line(most: 8192)
        busyNanoseconds = try r.u64()
        steps = try r.u32()
        symbols = try r.list(most: VerdictDraft.Most.symbols) { (r) throws(WireFault) in
            Finding(
                name: try r.text(most: 64), factor: try r.number(), detail: try r.text(most: 2048),
                part: try r.text(most: VerdictDraft.Most.pathBytes), recipients: try r.recipients())
        }
        proposals = try r.list(most: VerdictDraft.Most.proposals + VerdictDraft.Most.headers) { (r) throws(WireFault) in
            Proposal(try r.proposal(), recipients: try r.recipients())
        }
        requirements = try r.list(most: VerdictDraft.Most.requirements) { (r) throws(WireFault) in try r.requirement() }
    }
}

extension WireWriter {
    mutating func proposal(_ action: ProposedAction) {
        switch action {
        case .reject(let reply):
            u8(0)
            self.reply(reply)
        case .defer(let reply):
            u8(1)
            self.reply(reply)
        case .quarantine(let reason):
            u8(2)
            text(reason)
        case .discard(let reason):
            u8(3)
            text(reason)
        case .addHeader(let name, let value):
            u8(4)
            text(name)
            text(value)
        }
    }

    private mutating func reply(_ reply: Reply) {
        u32(UInt32(clamping: reply.status.code))
        u32(UInt32(clamping: reply.status.subject ?? 0))
        u32(UInt32(clamping: reply.status.detail))
        text(reply.lines.joined(separator: " "))
    }
}

extension WireReader {
    mutating func proposal() throws(WireFault) -> ProposedAction {
        switch try u8() {
        case 0: return .reject(try reply(500...599))
        case 1: return .defer(try reply(400...499))
        case 2: return .quarantine(reason: try text(most: 2048))
        case 3: return .discard(reason: try text(most: 2048))
        case 4: return .addHeader(name: try text(most: 64), value: try text(most: 1024))
        default: throw WireFault("an unknown action")
        }
    }

    private mutating func reply(_ codes: ClosedRange<UInt32>) throws(WireFault) -> Reply {
        let (code, subject, detail) = (try u32(), try u32(), try u32())
        let text = try text(most: 1024)
        guard codes.contains(code), subject <= 999, detail <= 999, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw WireFault("a bad reply")
        }
        return Reply(ReplyStatus(Int(code), Int(subject), Int(detail)), text)
    }
}
